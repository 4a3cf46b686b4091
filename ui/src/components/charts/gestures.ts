/** Zooming by wheel with a modifier, which a pinch on a touchpad is as well, and by two fingers on a screen. */

/** Calls back with how much wider the range becomes, and about which share of the plot's width; returns how to end it. */
export function gestures(element: HTMLElement, zoom: (factor: number, share: number) => void): () => void {
  let apart = 0;
  const share = (clientX: number) => {
    const { left, width } = (element.querySelector(".u-over") ?? element).getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / Math.max(1, width)));
  };
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(Math.max(-50, Math.min(50, event.deltaY)) * 0.01), share(event.clientX));
  };
  const touch = (event: TouchEvent) => {
    const [one, two] = event.touches;
    if (!one || !two) {
      apart = 0;
      return;
    }
    event.preventDefault();
    const now = Math.max(10, Math.abs(one.clientX - two.clientX));
    if (apart > 0) zoom(apart / now, share((one.clientX + two.clientX) / 2));
    apart = now;
  };
  const end = () => {
    apart = 0;
  };
  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("touchstart", touch, { passive: false });
  element.addEventListener("touchmove", touch, { passive: false });
  element.addEventListener("touchend", end);
  return () => {
    element.removeEventListener("wheel", wheel);
    element.removeEventListener("touchstart", touch);
    element.removeEventListener("touchmove", touch);
    element.removeEventListener("touchend", end);
  };
}
