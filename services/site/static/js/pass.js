// Runs before anything else: the link's token leaves the address bar and stays in this tab only.
(() => {
  const here = new URL(location.href);
  const token = here.searchParams.get("t");
  const slug = here.pathname.split("/").filter(Boolean).at(-1);
  if (token === null || !slug) return;
  here.searchParams.delete("t");
  history.replaceState(history.state, "", here);
  try {
    sessionStorage.setItem(`pool:community:${slug}`, token);
  } catch {
    // Without storage the page works until it is left: its forms have the token.
  }
})();
