// Stripe's Appearance API, as far as the card's inputs need it: theme, variables and rules.
const THEMES = {
  stripe: {},
  flat: { colorBackground: "#f6f8fa", borderColor: "transparent" },
  night: {
    colorBackground: "#30313d",
    colorText: "#ffffff",
    colorTextSecondary: "#c4c6d0",
    colorTextPlaceholder: "#9ea0ab",
    colorPrimary: "#85d996",
    colorDanger: "#fe87a1",
    borderColor: "#5a5c6b",
  },
  none: {},
};
const SELECTOR = /^\.(Input|Label|Error|TermsText|Block)(--invalid)?(:focus|:hover|::placeholder)?$/;
const NAME = /^[a-zA-Z]+$/;
// A value is one plain value: nothing that ends the declaration or loads something.
const VALUE = /^[^;{}<>\\]*$/;
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [sheet];

const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const isPlain = (value) => VALUE.test(String(value)) && !/url\(|expression/i.test(String(value));

export function applyAppearance({ theme, variables = {}, rules = {} }, fonts) {
  const root = document.documentElement.style;
  document.documentElement.classList.toggle("night", theme === "night");
  const all = { ...(THEMES[theme] ?? {}), ...variables };
  for (const name of [...root]) if (name.startsWith("--")) root.removeProperty(name);
  for (const [name, value] of Object.entries(all)) {
    if (NAME.test(name) && isPlain(value)) root.setProperty(`--${name}`, String(value));
  }
  const lines = Object.entries(rules)
    .filter(([selector]) => SELECTOR.test(selector))
    .map(([selector, style]) => `${selector} { ${declarations(style)} }`);
  sheet.replaceSync(lines.join("\n"));
  for (const font of fonts) loadFont(font);
}

function declarations(style) {
  return Object.entries(style)
    .filter(([name, value]) => NAME.test(name) && isPlain(value))
    .map(([name, value]) => `${kebab(name)}: ${value};`)
    .join(" ");
}

function loadFont({ family, src, weight = "normal", style = "normal" }) {
  if (!family || !src) return;
  const face = new FontFace(family, src, { weight, style });
  // Without the font the fallbacks of `fontFamily` are used.
  face.load().then(
    () => document.fonts.add(face),
    () => {},
  );
}
