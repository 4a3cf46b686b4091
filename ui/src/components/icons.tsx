/** The few icons that pages need, drawn on a 16-pixel grid in the colour of the text around them. */

const PATHS = {
  check: "M3 8.5 6.5 12 13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  stop: "M4.5 4.5h7v7h-7z",
  dots: "M4 8h.01M8 8h.01M12 8h.01",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  down: "M4.5 6.5 8 10l3.5-3.5",
  right: "M6.5 4.5 10 8l-3.5 3.5",
  folder: "M2 4.5h4.5L8 6h6v7H2z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  model: "M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5 8 8l5.5-3M8 8v6",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
  moon: "M13 9.6A5.5 5.5 0 1 1 6.4 3a4.5 4.5 0 0 0 6.6 6.6z",
  system: "M2 3.5h12v7.5H2zM6 13.5h4",
  child: "M4.5 3v5.5H11M8.5 6 11 8.5 8.5 11",
  play: "M5 3.5 12 8l-7 4.5z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The product's mark: the rings of a tree. */
export function Mark() {
  return (
    <svg width="16" height="16" viewBox="0 0 32 32" fill="none" stroke="currentColor" strokeWidth="3" aria-hidden="true">
      <circle cx="16" cy="16" r="14" />
      <circle cx="15" cy="17" r="8.5" />
      <circle cx="14" cy="18" r="3.5" fill="currentColor" stroke="none" />
    </svg>
  );
}
