// Sets the chosen theme before the first paint; src/ui/theme.ts does the rest. It is no module, for those run later.
try {
  const theme = localStorage.getItem("parley-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // storage is blocked: the system's theme
}
