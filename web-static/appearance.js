// Light or dark: what the person chose here before, else what their system says.

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The name of the other one. */
export const word = () => (isDark() ? "Light theme" : "Dark theme");

/** Takes the other one. */
export function turn() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("tollgate-theme", theme);
  } catch {
    // It holds for this page, then.
  }
}
