// Fetches the answer as the server writes it (one place renders it, with and without this script) and puts it on the page.

let running = null;

export async function answerFor(asked, place, status) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  status.textContent = status.dataset.working;
  place.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`/lookup?${new URLSearchParams({ ...asked, part: "answer" })}`, { signal: mine.signal });
    const text = await response.text();
    if (!(response.headers.get("content-type") ?? "").startsWith("text/html")) throw new Error(`status ${response.status}`);
    const parsed = new DOMParser().parseFromString(text, "text/html");
    place.replaceChildren(...parsed.body.childNodes);
    status.textContent = "";
    return true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    status.textContent = status.dataset.failed;
    const said = document.createElement("p");
    said.className = "failed";
    said.textContent = status.dataset.failed;
    const heading = place.querySelector("h2");
    place.replaceChildren(...(heading ? [heading] : []), said);
    return false;
  } finally {
    if (running === mine) place.removeAttribute("aria-busy");
  }
}
