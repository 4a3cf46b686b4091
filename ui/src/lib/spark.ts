/** A curve so small that it has no axes. */

/** The path of a line through the values, in a box of that size; "" where there are not two finite ones. */
export function sparkPath(values: readonly number[], width: number, height: number, margin = 1.5): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return "";
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const x = (at: number) => margin + (at / (values.length - 1)) * (width - 2 * margin);
  const y = (value: number) => (high === low ? height / 2 : margin + (1 - (value - low) / (high - low)) * (height - 2 * margin));
  let path = "";
  let down = false;
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) {
      down = false;
      return;
    }
    path += `${down ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    down = true;
  });
  return path;
}
