/** The few icons that pages need, drawn on a 16-pixel grid in the colour of the text around them. */

const PATHS = {
  check: "M3 8.5 6.5 12 13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  stop: "M4.5 4.5h7v7h-7z",
  dots: "M4 8h.01M8 8h.01M12 8h.01",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  down: "M4.5 6.5 8 10l3.5-3.5",
  left: "M9.5 4.5 6 8l3.5 3.5",
  right: "M6.5 4.5 10 8l-3.5 3.5",
  folder: "M2 4.5h4.5L8 6h6v7H2z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  model: "M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5 8 8l5.5-3M8 8v6",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
  moon: "M13 9.6A5.5 5.5 0 1 1 6.4 3a4.5 4.5 0 0 0 6.6 6.6z",
  system: "M2 3.5h12v7.5H2zM6 13.5h4",
  child: "M4.5 3v5.5H11M8.5 6 11 8.5 8.5 11",
  play: "M5 3.5 12 8l-7 4.5z",
  home: "M2.5 7.5 8 3l5.5 4.5M4 6.5V13h8V6.5",
  flask: "M6 2.5h4M6.7 2.5v4L3 12.2c-.4.7.1 1.3.8 1.3h8.4c.7 0 1.2-.6.8-1.3L9.3 6.5v-4M4.8 9.8h6.4",
  data: "M3 4c0-1.1 2.2-2 5-2s5 .9 5 2-2.2 2-5 2-5-.9-5-2zM3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2",
  pipeline: "M2 3h4v4H2zM10 9h4v4h-4zM6 5h4.5a1.5 1.5 0 0 1 1.5 1.5V9",
  lineage: "M4 3.5a1.5 1.5 0 1 0 0 .01M4 12.5a1.5 1.5 0 1 0 0 .01M13 8a1.5 1.5 0 1 0 0 .01M4 3.5h2.5C8 3.5 8 8 10 8h1.5M4 12.5h2.5C8 12.5 8 8 10 8",
  deploy: "M8 10.5V2.5M4.5 6 8 2.5 11.5 6M2.5 10.5v3h11v-3",
  pulse: "M1.5 8.5h3L6.5 3l3 10 2-4.5h3",
  audit: "M3.5 2.5h9v11h-9zM5.8 5.5h4.4M5.8 8h4.4M5.8 10.5h2.5",
  settings: "M2 4.5h6M11.5 4.5H14M9.8 3a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM2 11.5h2.5M8 11.5h6M6.2 10a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2",
  star: "M8 2l1.8 3.8 4.2.6-3 2.900.7 4.2L8 11.5l-3.700 2 .7-4.2-3-2.900 4.2-.6z",
  plus: "M8 3v10M3 8h10",
  edit: "M3 13l.6-2.6L10.5 3.5l2 2-6.900 6.900zM9 5l2 2",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9",
  pane: "M2 3h12v10H2zM6 3v10",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3l2 1.5",
  tag: "M2.5 2.5h5l6 6-5 5-6-6zM5.2 5.2h.01",
  command: "M3 5l3 3-3 3M8 11.5h5",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.5h-2.5",
  cloud: "M5 12.5h6.5a2.6 2.6 0 0 0 .3-5.2A4 4 0 0 0 4.2 7.2 2.7 2.7 0 0 0 5 12.5z",
  warn: "M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01",
  pause: "M5.5 4v8M10.5 4v8",
  branch: "M5 2.5v8M5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11 5.5c0 3-6 2-6 5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, filled = false }: { name: IconName; size?: number; filled?: boolean }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill={filled ? "currentColor" : "none"}
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
