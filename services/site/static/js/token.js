// Runs before anything else: the private token leaves the address bar and stays in this tab only.
(() => {
  const here = new URL(location.href);
  const token = here.searchParams.get("t");
  if (token === null) return;
  here.searchParams.delete("t");
  history.replaceState(history.state, "", here);
  try {
    sessionStorage.setItem("pool:manage", token);
  } catch {
    // Without storage the page works until it is left.
    window.poolToken = token;
  }
})();
