// Runs before the first paint, so that a dark page never flashes white. The key is the one in src/lib/theme.ts.
(function () {
  var choice = "system";
  try {
    choice = localStorage.getItem("treering.theme") || "system";
  } catch (error) {
    // Storage may be forbidden; then the system's theme is used.
  }
  var dark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
