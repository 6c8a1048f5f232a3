// An editable combobox with a list (WAI-ARIA 1.2): arrows choose, Enter takes, Escape closes.

const WAIT_MS = 150;

export function startSearch(field, list, status, choose) {
  let texts = [];
  let active = -1;
  let timer = 0;
  let running = null;

  for (const [name, value] of [
    ["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id], ["aria-haspopup", "listbox"],
  ]) field.setAttribute(name, value);

  function close() {
    clearTimeout(timer);
    running?.abort();
    list.hidden = true;
    list.replaceChildren();
    texts = [];
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function mark(position) {
    active = position;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === active)));
    if (active < 0) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    field.setAttribute("aria-activedescendant", list.children[active].id);
    list.children[active].scrollIntoView({ block: "nearest" });
  }

  function show(found) {
    texts = found;
    list.replaceChildren(...found.map((text, at) => {
      const item = document.createElement("li");
      item.id = `suggestion-${at}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = text;
      item.addEventListener("pointerdown", (event) => event.preventDefault());
      item.addEventListener("click", () => take(at));
      return item;
    }));
    list.hidden = found.length === 0;
    field.setAttribute("aria-expanded", String(found.length > 0));
    status.textContent = found.length ? status.dataset.count.replace("{count}", found.length) : status.dataset.none;
    mark(-1);
  }

  function take(position) {
    const text = texts[position];
    field.value = text;
    close();
    choose(text);
  }

  async function suggest() {
    const text = field.value.trim();
    if (!text) {
      close();
      return;
    }
    running?.abort();
    const mine = new AbortController();
    running = mine;
    try {
      const response = await fetch(`/api/suggestions?${new URLSearchParams({ q: text })}`, { signal: mine.signal });
      if (!response.ok) return;
      const { suggestions } = await response.json();
      if (!mine.signal.aborted && document.activeElement === field) show(suggestions);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, WAIT_MS);
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!texts.length) suggest();
      else {
        const step = event.key === "ArrowDown" ? 1 : -1;
        mark(active < 0 && step < 0 ? texts.length - 1 : (active + step + texts.length) % texts.length);
      }
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      take(active);
    } else if (event.key === "Escape" && texts.length) {
      event.preventDefault();
      close();
    }
  });

  return { close };
}
