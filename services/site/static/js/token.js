// Runs before anything else: the private token leaves the address bar and stays in this tab only.
(() => {
  const here = new URL(location.href);
  const payment = /^(\/es)?\/pay\/([^/]+)$/.exec(here.pathname);
  const token = payment ? payment[2] : here.searchParams.get("t");
  if (token === null) {
    // Until the page is drawn for the link this tab keeps, it does not say that it needs one.
    try {
      if (sessionStorage.getItem("pool:manage")) document.documentElement.dataset.link = "kept";
    } catch {
      // Nothing is kept.
    }
    return;
  }
  here.searchParams.delete("t");
  if (payment) here.pathname = `${payment[1] ?? ""}/manage/`;
  history.replaceState(history.state, "", here);
  try {
    sessionStorage.setItem("pool:manage", token);
  } catch {
    // Without storage the page works until it is left.
    window.poolToken = token;
  }
})();
