/** Light or dark, as the system says. */
import { useEffect, useState } from "preact/hooks";
import { DARK, LIGHT, type Theme } from "../draw/colour";

const themeNow = (): Theme => (matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT);

export function useTheme(): Theme {
  const [theme, setTheme] = useState(themeNow);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setTheme(dark.matches ? DARK : LIGHT);
    dark.addEventListener("change", changed);
    return () => dark.removeEventListener("change", changed);
  }, []);
  return theme;
}
