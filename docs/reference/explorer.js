// What Scalar makes of http.json. The page's own policy lets it ask no other host; this asks it not to try.
Scalar.createApiReference("#reference", {
  url: "http.json",
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  hideTestRequestButton: true,
  operationTitleSource: "path",
});
