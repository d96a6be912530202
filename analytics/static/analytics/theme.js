/* Light or dark before anything is painted. The choice is the admin's own: django-unfold keeps it in
   localStorage under `adminTheme`, as a JSON string "light", "dark" or "auto". */
"use strict";

const analyticsTheme = {
  key: "adminTheme",
  system: window.matchMedia("(prefers-color-scheme: dark)"),

  chosen() {
    const forced = document.documentElement.dataset.forcedTheme;
    if (forced) return forced;
    try {
      return JSON.parse(localStorage.getItem(this.key)) || "auto";
    } catch {
      return "auto";
    }
  },

  choose(name) {
    try {
      localStorage.setItem(this.key, JSON.stringify(name));
    } catch {
      /* a browser that keeps nothing still shows the choice on this page */
    }
    this.apply(name);
  },

  apply(name) {
    const isDark = name === "dark" || (name === "auto" && this.system.matches);
    document.documentElement.classList.toggle("dark", isDark);
    for (const button of document.querySelectorAll("[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === name));
    }
  },
};

analyticsTheme.apply(analyticsTheme.chosen());
analyticsTheme.system.addEventListener("change", () => analyticsTheme.apply(analyticsTheme.chosen()));
