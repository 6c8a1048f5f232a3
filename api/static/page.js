// The page: answers without leaving it, suggestions while typing, and the map. Without this file the form still works.

import { answerFor } from "./answer.js";
import { startSearch } from "./search.js";
import { startMap } from "./map.js";

const language = document.body.dataset.language;
const form = document.getElementById("search");
const field = document.getElementById("address");
const map = startMap(document.getElementById("map"), (lon, lat) => look({ lon: lon.toFixed(6), lat: lat.toFixed(6) }));
const search = startSearch(field, document.getElementById("suggestions"), document.getElementById("status"), (text) => look({ address: text }));

async function look(asked, { remember = true, focus = true } = {}) {
  field.value = asked.address ?? "";
  search.close();
  const shown = await answerFor({ ...asked, lang: language }, document.getElementById("answer"), document.getElementById("status"));
  if (!shown) return;
  const address = `/lookup?${new URLSearchParams({ ...asked, lang: language })}`;
  if (remember) history.pushState(asked, "", address);
  const other = document.getElementById("switch");
  other.href = `/lookup?${new URLSearchParams({ ...asked, lang: other.lang.slice(0, 2) })}`;
  const heading = document.getElementById("answer-heading");
  document.title = `${heading.textContent} · ${document.title.split(" · ").slice(-2).join(" · ")}`;
  map?.showAnswer(document.getElementById("answer"), asked);
  if (focus) heading.focus({ preventScroll: false });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (text) look({ address: text });
});

document.getElementById("answer").addEventListener("click", (event) => {
  const link = event.target.closest("a[data-address]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  look({ address: link.dataset.address });
});

window.addEventListener("popstate", (event) => {
  if (event.state) look(event.state, { remember: false, focus: false });
  else location.reload();
});

const here = new URLSearchParams(location.search);
const first = here.has("address") ? { address: here.get("address") } : here.has("lon") ? { lon: here.get("lon"), lat: here.get("lat") } : null;
if (first) {
  history.replaceState(first, "");
  map?.showAnswer(document.getElementById("answer"), first);
}
