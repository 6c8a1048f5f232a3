// The map: catchments of a stage and year, schools, and the way from a place that was looked up to its schools.

const LABELS_FROM_ZOOM = 14;

export function startMap(element, look) {
  const leaflet = window.L;
  const frame = document.getElementById("frame");
  const choice = document.getElementById("choice");
  if (!element || !leaflet) return null;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const part of [frame, choice, document.getElementById("map-help")]) part.hidden = false;
  const map = leaflet.map(element, {
    attributionControl: false, zoomControl: false, preferCanvas: true, zoomSnap: 0.5, maxZoom: 18, minZoom: 8,
    zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still,
  });
  map.setView([0, 0], 8);
  leaflet.control.zoom({ zoomInTitle: element.dataset.in, zoomOutTitle: element.dataset.out }).addTo(map);
  leaflet.control.scale({ imperial: false }).addTo(map);
  for (const [name, order] of [["catchments", 300], ["base", 350], ["answer", 450]]) map.createPane(name).style.zIndex = order;
  const renderers = Object.fromEntries(["catchments", "base", "answer"].map((pane) => [pane, leaflet.canvas({ pane, padding: 0.3 })]));
  const fills = element.dataset.fills.split(" ");
  const layers = { catchments: null, chosen: null, schools: leaflet.layerGroup().addTo(map), answer: leaflet.layerGroup().addTo(map) };
  const drawn = { schools: [], zones: {}, places: [], bounds: null };

  const stage = () => choice.elements.stage.value;
  const year = () => Number(choice.elements.year.value);

  function line(geometry, pane, style) {
    if (geometry) leaflet.geoJSON(geometry, { interactive: false, pane, renderer: renderers[pane], style }).addTo(map);
  }

  function labels() {
    element.classList.toggle("labelled", map.getZoom() >= LABELS_FROM_ZOOM);
  }

  async function base() {
    const content = await fetched("/api/map");
    line(content.roads, "base", { color: "#6b6f76", weight: 0.8, opacity: 0.45 });
    line(content.rivers, "base", { color: "#2f7fb8", weight: 1, fillColor: "#9ecbe8", fillOpacity: 0.9 });
    line(content.boundary, "base", { color: "#333a44", weight: 1.5, fill: false });
    drawn.schools = content.schools;
    if (content.boundary) map.fitBounds(leaflet.geoJSON(content.boundary).getBounds(), { padding: [8, 8], animate: false });
  }

  function schools() {
    layers.schools.clearLayers();
    for (const school of drawn.schools) {
      if (!(school.serves[stage()] ?? []).includes(year())) continue;
      point([school.lat, school.lon], school.name, { radius: 5, color: "#fff", weight: 1.5, fillColor: "#1d2733" }, "school-label").addTo(layers.schools);
    }
  }

  async function catchments() {
    const asked = [stage(), year()];
    const content = await fetched(`/api/map/catchments?${new URLSearchParams({ stage: asked[0], year: asked[1] })}`);
    if (asked[0] !== stage() || asked[1] !== year()) return;
    layers.catchments?.remove();
    drawn.zones = Object.fromEntries(content.features.map((feature) => [feature.properties.zone, feature]));
    layers.catchments = leaflet.geoJSON(content, {
      interactive: false, pane: "catchments", renderer: renderers.catchments,
      style: (feature) => ({ color: "#fff", weight: 1, fillColor: fills[feature.properties.colour % fills.length], fillOpacity: 0.75 }),
    }).addTo(map);
    schools();
    drawAnswer();
  }

  // The answer on the map: its catchment of the stage shown, the place, and the way to each school, named where the layer has not.
  function drawAnswer() {
    layers.chosen?.remove();
    layers.answer.clearLayers();
    const spans = [...document.querySelectorAll("#answer .span[data-lon]")];
    const ofStage = spans.filter((span) => span.dataset.stage === stage() && Number(span.dataset.year) <= year());
    const zone = ofStage.at(-1)?.dataset.zone;
    const feature = zone ? drawn.zones[zone] : null;
    layers.chosen = feature
      ? leaflet.geoJSON(feature, { interactive: false, pane: "answer", renderer: renderers.answer, style: { color: "#0b3d5c", weight: 3, fill: false } }).addTo(map)
      : null;
    const named = new Set(layers.schools.getLayers().map((layer) => String(layer.getLatLng())));
    for (const span of spans) {
      const card = span.closest(".card").dataset;
      const school = leaflet.latLng(Number(span.dataset.lat), Number(span.dataset.lon));
      leaflet.polyline([[Number(card.lat), Number(card.lon)], school], {
        pane: "answer", renderer: renderers.answer, interactive: false, color: "#7a1f3d", weight: 2, dashArray: "6 5",
      }).addTo(layers.answer);
      if (named.has(String(school))) continue;
      named.add(String(school));
      point(school, span.dataset.name, { radius: 5, color: "#fff", weight: 1.5, fillColor: "#7a1f3d" }, "school-label").addTo(layers.answer);
    }
    for (const [lat, lon] of drawn.places) {
      point([lat, lon], element.dataset.here, { radius: 8, color: "#7a1f3d", weight: 3, fillColor: "#fff" }, "here-label").addTo(layers.answer);
    }
  }

  function point(place, name, style, className) {
    const where = className === "here-label" ? { direction: "top", offset: [0, -8] } : { direction: "right", offset: [6, 0] };
    return leaflet.circleMarker(place, { pane: "answer", renderer: renderers.answer, interactive: false, fillOpacity: 1, ...style })
      .bindTooltip(text(name), { permanent: true, className, ...where });
  }

  function showAnswer(answer, asked) {
    const cards = [...answer.querySelectorAll(".card[data-lon]")].map((card) => [Number(card.dataset.lat), Number(card.dataset.lon)]);
    drawn.places = cards.length || !asked?.lon ? cards : [[Number(asked.lat), Number(asked.lon)]];
    drawAnswer();
    const schools = [...answer.querySelectorAll(".span[data-lon]")].map((span) => [Number(span.dataset.lat), Number(span.dataset.lon)]);
    drawn.bounds = cards.length ? leaflet.latLngBounds([...cards, ...schools]) : null;
    fit(!still);
  }

  function fit(animate) {
    if (drawn.bounds) map.fitBounds(drawn.bounds, { padding: [48, 48], maxZoom: 16, animate });
  }

  map.on("click", (event) => look(event.latlng.lng, event.latlng.lat));
  map.on("zoomend", labels);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === element) {
      event.preventDefault();
      look(map.getCenter().lng, map.getCenter().lat);
    }
  });
  window.addEventListener("beforeprint", () => {
    map.invalidateSize({ animate: false });
    fit(false);
  });
  window.addEventListener("afterprint", () => map.invalidateSize({ animate: false }));
  choice.addEventListener("change", () => catchments().catch(failed));
  choice.addEventListener("submit", (event) => event.preventDefault());

  function failed() {
    document.getElementById("map-help").textContent = element.dataset.failed;
  }

  const ready = base().then(catchments).then(labels);
  ready.then(() => { element.dataset.ready = "true"; }, failed);
  return { showAnswer: (answer, asked) => ready.then(() => showAnswer(answer, asked), () => {}) };
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

function text(content) {
  // A node, not a string: Leaflet would read a string as HTML, and names are the user's own.
  const span = document.createElement("span");
  span.textContent = content;
  return span;
}
