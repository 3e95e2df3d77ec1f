// Before the first paint: the theme this person chose here, if any.
try {
  const theme = localStorage.getItem("tollgate-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme holds.
}
