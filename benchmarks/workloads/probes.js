// Stands in each measured page before its own scripts; `config` says how rows are found.
(config) => {
  const bench = (window.__bench = { acted: 0, drawn: 0 });
  for (const kind of ["click", "keydown"]) {
    addEventListener(kind, (event) => (bench.acted = event.timeStamp), true);
  }

  // The time at which `check` held, looked at once a frame; null when `most` milliseconds are over.
  bench.when = (check, most) =>
    new Promise((resolve) => {
      const end = performance.now() + most;
      const look = () => {
        const now = performance.now();
        if (check()) resolve(now);
        else if (now > end) resolve(null);
        else requestAnimationFrame(look);
      };
      look();
    });

  const rows = () => [...document.querySelectorAll(config.row)].filter((row) => row.querySelector(config.link));
  bench.count = () => rows().length;
  // Where the first ten rows lead to, in their order.
  bench.order = () =>
    rows()
      .sort((a, b) => a.getAttribute(config.index) - b.getAttribute(config.index))
      .slice(0, 10)
      .map((row) => row.querySelector(config.link).getAttribute("href"))
      .join(" ");

  bench.scroller = () => {
    const scrolls = (at) => at.scrollHeight > at.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(at).overflowY);
    let at = document.querySelector(config.row);
    while (at && !scrolls(at)) at = at.parentElement;
    return at ?? document.scrollingElement;
  };
  // A point among the rows; of the scroll bar its middle, both ends of the way of its thumb, and where the thumb is.
  bench.place = () => {
    const scroller = bench.scroller();
    const box = scroller.getBoundingClientRect();
    const bar = (scroller.offsetWidth - scroller.clientWidth) / 2 || 7;
    const buttons = 2 * bar;
    const track = scroller.clientHeight - 2 * buttons;
    const thumb = Math.max(2 * bar, (track * scroller.clientHeight) / scroller.scrollHeight);
    const top = box.top + buttons + thumb / 2;
    const bottom = box.top + scroller.clientHeight - buttons - thumb / 2;
    const at = top + ((bottom - top) * scroller.scrollTop) / (scroller.scrollHeight - scroller.clientHeight);
    return [box.left + 150, box.top + box.height / 2, box.left + scroller.offsetWidth - bar, top, bottom, at];
  };
  // Whether the part of the table that can be seen is full of rows whose data are there.
  bench.filled = () => {
    const box = bench.scroller().getBoundingClientRect();
    const seen = [...document.querySelectorAll(config.row)].filter((row) => {
      const part = row.getBoundingClientRect();
      return part.bottom > box.top + 60 && part.top < box.bottom - 40;
    });
    const height = seen.reduce((sum, row) => sum + row.offsetHeight, 0);
    return height > 0.7 * box.height && seen.every((row) => row.querySelector(config.link));
  };

  let frames = null;
  bench.record = () => {
    const mine = (frames = []);
    const tick = (at) => {
      if (frames !== mine) return;
      mine.push(at);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  };
  bench.recorded = () => {
    const found = frames;
    frames = null;
    return found;
  };

  // When a line with many points was first drawn on a canvas: axes and grids have few.
  const MANY = 200;
  const points = new WeakMap();
  for (const kind of [Path2D, CanvasRenderingContext2D]) {
    const lineTo = kind.prototype.lineTo;
    kind.prototype.lineTo = function (x, y) {
      points.set(this, (points.get(this) ?? 0) + 1);
      lineTo.call(this, x, y);
    };
  }
  const { beginPath, stroke } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.beginPath = function () {
    points.delete(this);
    beginPath.call(this);
  };
  CanvasRenderingContext2D.prototype.stroke = function (...path) {
    stroke.apply(this, path);
    if ((points.get(path[0] ?? this) ?? 0) > MANY) bench.drawn ||= performance.now();
  };
  // When the last answer of an address with `part` in it came between two moments, and how long it took.
  bench.answer = (part, after, before) => {
    const came = (one) => one.name.includes(part) && one.responseEnd >= after && one.responseEnd <= before;
    const found = performance.getEntriesByType("resource").filter(came);
    const last = found.sort((a, b) => a.responseEnd - b.responseEnd).at(-1);
    return last ? [last.responseEnd, last.responseEnd - last.requestStart] : null;
  };
}
