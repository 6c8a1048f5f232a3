"use strict";
/* Draws what payload.py has written. Texts reach the page as text nodes only, never as markup. */
function showDistrict(map, data) {
  const SVG = "http://www.w3.org/2000/svg";
  const state = { stage: data.stages.length ? data.stages[0].id : "", year: 0, planned: true, timer: 0 };
  const shown = { names: true, sites: true, clusters: true, moved: false, roads: true, rivers: true };
  const number = new Intl.NumberFormat(data.language === "zh" ? "zh-CN" : "en-GB");

  /* ---- small tools ---- */
  function say(key, values) {
    let text = data.texts[key] === undefined ? key : data.texts[key];
    Object.keys(values || {}).forEach((name) => { text = text.split("{" + name + "}").join(String(values[name])); });
    return text;
  }
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    Object.entries(attributes || {}).forEach(([key, value]) => {
      if (key === "on") { Object.entries(value).forEach(([event, act]) => made.addEventListener(event, act)); }
      else if (value === true) { made.setAttribute(key, ""); }
      else if (value !== false && value !== null && value !== undefined) { made.setAttribute(key, value); }
    });
    made.append(...children.filter((child) => child !== null && child !== undefined).map((child) => (typeof child === "number" ? String(child) : child)));
    return made;
  }
  function drawn(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  }
  const layerKey = () => state.stage + "|" + state.year;
  /* Without the plan: today's catchments, the loads that would follow; children are the same. */
  const hasWithout = Object.keys(data.without.years).length > 0;
  const canBeWithout = () => data.without.years[layerKey()] !== undefined;
  function current() {
    const layer = data.layers[layerKey()];
    if (state.planned || !canBeWithout()) { return layer; }
    const zones = data.zones[state.stage];
    return Object.assign({}, layer, { zone: zones.today, metres: data.without.metres[state.stage], reason: null, moved: [] }, data.without.years[layerKey()]);
  }
  const stageNow = () => data.stages.find((item) => item.id === state.stage);
  const zonesNow = () => data.zones[state.stage];
  const pupilsText = (count) => (count === -1 ? say("children.few", { count: data.smallCount }) : number.format(count));
  const metresText = (metres) => (metres < 0 ? say("unknown") : number.format(metres) + " " + say("unit.m"));
  const latlng = (point) => [point[1], point[0]];
  const alertOf = (name) => data.alerts.find((item) => item.name === name) || data.alerts[data.alerts.length - 1];
  function line(flat) {
    const points = [];
    let x = 0, y = 0;
    for (let at = 0; at < flat.length; at += 2) { x += flat[at]; y += flat[at + 1]; points.push([y, x]); }
    return points;
  }
  function facts(title, rows) {
    const list = element("dl");
    rows.filter((row) => row && row[1] !== null && row[1] !== "").forEach((row) => list.append(element("dt", {}, row[0]), element("dd", {}, row[1])));
    return element("div", { class: "tip" }, element("b", {}, title), list);
  }

  /* ---- the map ---- */
  function pane(name, level, silent) {
    const made = map.createPane(name);
    made.style.zIndex = level;
    if (silent) { made.style.pointerEvents = "none"; }
    return L.canvas({ pane: name, padding: 0.3 });
  }
  const hasWater = data.lines.rivers.length + data.lines.water.length > 0;
  const renderers = {
    rivers: pane("rivers", data.blocks.shapes ? 405 : 395, true), roads: pane("roads", 406, true), edges: pane("edges", 420, true),
    clusters: pane("clusterEdges", 430, true), moved: pane("movedBlocks", 425, true), chosen: pane("chosen", 440, true),
  };
  map.createPane("names").style.zIndex = 590;
  map.getPane("names").style.pointerEvents = "none";

  const blocks = data.blocks.ids.map((_, block) => {
    const style = { weight: 0.5, color: "#ffffff", opacity: 0.7, fillOpacity: 0.78 };
    const shape = data.blocks.shapes
      ? L.polygon(data.blocks.shapes[block].map((part) => part.map(line)), style)
      : L.circleMarker(latlng(data.blocks.points[block]), Object.assign({}, style, { radius: 6, color: "#5b6470", weight: 0.8, fillOpacity: 1 }));
    shape.block = block;
    return shape;
  });
  const blockGroup = L.featureGroup(blocks).addTo(map);
  blockGroup.bindTooltip((shape) => blockFacts(shape.block), { sticky: true, opacity: 0.96 });
  blockGroup.on("click", (event) => chooseBlock(event.layer.block, event.latlng));

  const fixed = {
    rivers: L.layerGroup([
      L.polygon(data.lines.water.map((part) => part.map(line)), { renderer: renderers.rivers, pane: "rivers", color: "#5b9bd0", weight: 0.8, fillColor: "#a9cdea", fillOpacity: 0.95, interactive: false }),
      L.polyline(data.lines.rivers.map(line), { renderer: renderers.rivers, pane: "rivers", color: "#5b9bd0", weight: 3, opacity: 0.8, interactive: false }),
    ]),
    roads: L.polyline(data.lines.roads.map(line), { renderer: renderers.roads, pane: "roads", color: "#6f7680", weight: 0.8, opacity: 0.45, interactive: false }),
  };
  /* Blocks without a shape are dots, joined where they touch within a catchment. */
  const ties = L.layerGroup().addTo(map);
  function drawTies(layer, zones) {
    ties.clearLayers();
    const lines = zones.colours.map(() => []);
    (data.blocks.pairs || []).forEach((pair) => {
      const zone = layer.zone[pair[0]];
      if (zone >= 0 && zone === layer.zone[pair[1]]) { lines[zone].push(pair.map((block) => latlng(data.blocks.points[block]))); }
    });
    lines.forEach((group, zone) => ties.addLayer(L.polyline(group, { renderer: renderers.rivers, pane: "rivers", color: zones.colours[zone], weight: 5, opacity: 0.75, interactive: false })));
  }
  const edges = L.polyline([], { renderer: renderers.edges, pane: "edges", color: "#2b323b", weight: 1.6, opacity: 0.9, interactive: false }).addTo(map);
  const clusterHalo = L.polyline([], { renderer: renderers.clusters, pane: "clusterEdges", color: "#ffffff", weight: 6, opacity: 0.75, interactive: false });
  const clusterEdges = L.polyline([], { renderer: renderers.clusters, pane: "clusterEdges", color: "#5a189a", weight: 3, dashArray: "9 6", interactive: false });
  const clusterGroup = L.layerGroup([clusterHalo, clusterEdges]);
  const movedGroup = L.layerGroup();
  const schoolGroup = L.layerGroup().addTo(map);
  const siteGroup = L.layerGroup();
  const nameGroup = L.layerGroup();
  const borders = (data.blocks.borders || []).map((border) => ({ a: border[0], b: border[1], points: line(border[2]) }));

  function wholeDistrict() {
    const bounds = blockGroup.getBounds();
    if (bounds.isValid()) { map.fitBounds(bounds, { padding: [12, 12] }); }
  }
  function corner(position, content) {
    const control = L.control({ position });
    control.onAdd = () => { L.DomEvent.disableClickPropagation(content); return content; };
    control.addTo(map);
  }
  const mapTitle = element("div", { class: "map-mark" });
  const tool = (sign, key, act) => element("button", { type: "button", title: say(key), "aria-label": say(key), on: { click: act } }, sign);
  corner("topleft", element("div", { class: "tools" },
    tool("+", "zoom.in", () => map.zoomIn(1)), tool("−", "zoom.out", () => map.zoomOut(1)), tool("▢", "zoom.all", wholeDistrict),
    data.core ? tool("◎", "zoom.core", () => map.fitBounds([[data.core[1], data.core[0]], [data.core[3], data.core[2]]])) : null));
  corner("topright", mapTitle);
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
  map.getContainer().setAttribute("aria-label", say("map"));
  map.getContainer().setAttribute("role", "application");

  /* ---- what stands on the map ---- */
  function blockFacts(block) {
    const layer = current(), zones = zonesNow(), zone = layer.zone[block];
    const community = data.blocks.communities[block];
    const before = zones.today && zones.today[block] >= 0 ? zones.names[zones.today[block]] : "";
    const now = zone >= 0 ? zones.names[zone] : say("legend.none");
    const cluster = zone >= 0 ? data.schools.cluster[zones.members[zone][0]] : -1;
    return facts(data.blocks.names[block] || data.blocks.ids[block], [
      data.blocks.names[block] ? [say("block"), data.blocks.ids[block]] : null, [say("community"), community], [say("school"), now],
      [say("distance"), metresText(layer.metres[block])], [say("reason"), layer.reason ? layer.reasons[layer.reason[block]] : ""],
      before && before !== now ? [say("previous"), before] : null, [say("children"), pupilsText(layer.children[block])],
      state.stage !== "kindergarten" && cluster >= 0 ? [say("cluster"), data.clusters[cluster]] : null,
    ]);
  }
  function schoolFacts(load) {
    const [school, pupils, planned, alert, classes, largest, large, superLarge] = load;
    const style = alertOf(alert), cluster = data.schools.cluster[school];
    return facts(data.schools.names[school], [
      [say("pupils"), number.format(pupils)], [say("planned"), number.format(planned)],
      [say("utilisation"), planned > 0 ? Math.round((100 * pupils) / planned) + " %" : say("unknown")],
      [say("alert"), style.sign + " " + say("alert.short." + style.name)], [say("classes"), classes === null ? "" : classes],
      [say("largest"), largest === null ? "" : largest], [say("large"), large === null ? "" : large],
      superLarge ? [say("super_large"), superLarge] : null, cluster >= 0 && state.stage !== "kindergarten" ? [say("cluster"), data.clusters[cluster]] : null,
    ]);
  }
  function siteFacts(site) {
    const opened = site.byYear.map((row) => data.yearNames[row[0]] + " " + row[1] + ": " + row[2] + " " + say("unit.rooms") + ", " + number.format(row[3]) + " " + say("unit.seats"));
    return facts(site.name, [
      [say("action"), site.action], [say("programme"), site.programme], [say("opens"), site.year === null ? say("not_chosen") : (data.yearNames[site.year] || site.year)],
      [say("seats"), opened.join("; ")], site.cost ? [say("cost"), number.format(site.cost)] : null, [say("reason"), site.reason],
    ]);
  }
  function alertShape(style, radius) {
    const size = 2 * radius + 4, middle = size / 2;
    const paint = { fill: style.shape === "ring" ? "#ffffff" : style.colour, stroke: style.shape === "ring" ? style.colour : "#1d232b", "stroke-width": style.shape === "ring" ? 2.5 : 1.2 };
    const corners = { triangle: [[0, -1.1], [1.05, 0.8], [-1.05, 0.8]], diamond: [[0, -1.1], [1.1, 0], [0, 1.1], [-1.1, 0]] }[style.shape];
    const outline = corners
      ? drawn("polygon", Object.assign({ points: corners.map((at) => (middle + at[0] * radius) + "," + (middle + at[1] * radius)).join(" "), "stroke-linejoin": "round" }, paint))
      : drawn("circle", Object.assign({ cx: middle, cy: middle, r: radius }, paint));
    const halo = outline.cloneNode();
    Object.entries({ fill: "none", stroke: "#ffffff", "stroke-width": 4.5 }).forEach(([key, value]) => halo.setAttribute(key, value));
    return drawn("svg", { width: size, height: size, viewBox: "0 0 " + size + " " + size, "aria-hidden": "true" }, halo, outline);
  }
  function siteShape(chosen, later, scale) {
    const size = 18 * Math.min(1, scale || 1);
    const paint = chosen ? { fill: later ? "#ffffff" : "#1b3a6b", stroke: "#1b3a6b" } : { fill: "#ffffff", stroke: "#7a828c" };
    const sign = chosen ? "M9 5V13M5 9H13" : "M6 6L12 12M12 6L6 12";
    return drawn("svg", { width: size, height: size, viewBox: "0 0 18 18", "aria-hidden": "true" },
      drawn("rect", Object.assign({ x: 1.5, y: 1.5, width: 15, height: 15, rx: 2, "stroke-width": 2 }, paint)),
      drawn("path", { d: sign, stroke: chosen ? (later ? "#1b3a6b" : "#ffffff") : "#7a828c", "stroke-width": 2.2, fill: "none" }));
  }
  function sign(svg, at, shift, label, content) {
    const size = Number(svg.getAttribute("width"));
    const icon = L.divIcon({ className: "sign", html: svg, iconSize: [size, size], iconAnchor: [size / 2 + shift, size / 2 + shift] });
    const marker = L.marker(latlng(at), { icon, title: "", alt: label, keyboard: true, riseOnHover: true });
    marker.bindTooltip(content, { direction: "top", opacity: 0.97 });
    marker.bindPopup(content, { maxWidth: 290, autoPanPaddingTopLeft: [52, 52], autoPanPaddingBottomRight: [12, 12] });
    marker.on("add", () => { const made = marker.getElement(); made.setAttribute("role", "button"); made.setAttribute("aria-label", label); });
    return marker;
  }
  let loads = [];
  function signScale() {
    /* Small maps have small signs; they grow a little as one looks closer. */
    const size = map.getSize(), closer = map.getZoom() - map.getBoundsZoom(blockGroup.getBounds());
    return Math.max(0.55, Math.min(1.25, (Math.min(size.x, 1.4 * size.y) / 850) * Math.pow(2, closer / 3)));
  }
  function drawSchools() {
    schoolGroup.clearLayers();
    nameGroup.clearLayers();
    const most = Math.max(1, ...current().loads.map((load) => load[1]));
    loads = current().loads.filter((load) => load[1] > 0 || load[2] > 0).sort((a, b) => b[1] - a[1]);
    loads.forEach((load) => {
      const style = alertOf(load[3]), radius = signScale() * (4.5 + 9.5 * Math.sqrt(load[1] / most));
      const label = data.schools.names[load[0]] + ", " + say("alert.short." + style.name) + ", " + number.format(load[1]) + "/" + number.format(load[2]);
      schoolGroup.addLayer(sign(alertShape(style, radius), data.schools.points[load[0]], 0, label, () => schoolFacts(load)));
      const name = element("span", {}, data.schools.names[load[0]]);
      const icon = L.divIcon({ className: "school-name", html: name, iconAnchor: [-radius - 4, 7] });
      nameGroup.addLayer(L.marker(latlng(data.schools.points[load[0]]), { icon, pane: "names", interactive: false, keyboard: false }));
    });
    thinNames();
  }
  function thinNames() {
    /* Largest school first: to the right of its sign, else to the left, else not at this scale; never over a sign or a name. */
    const clear = (box, other) => box.right < other.left || box.left > other.right + 2 || box.bottom < other.top || box.top > other.bottom;
    const frame = map.getContainer().getBoundingClientRect();
    const taken = [];
    const signs = [];
    schoolGroup.eachLayer((marker) => { if (marker.getElement()) { signs.push(marker.getElement().getBoundingClientRect()); } });
    let place = 0;
    nameGroup.eachLayer((marker) => {
      const own = place;
      place += 1;
      const made = marker.getElement();
      if (!made) { return; }
      const fits = (box) => box.left > frame.left && box.right < frame.right && taken.every((other) => clear(box, other)) && signs.every((other, at) => at === own || clear(box, other));
      made.style.transform = made.style.transform.replace(/ translateX\(.*\)$/, "");
      const right = made.getBoundingClientRect();
      const shift = right.width + (signs[own] ? signs[own].width : 0) + 4;
      const left = { left: right.left - shift, right: right.right - shift, top: right.top, bottom: right.bottom };
      const box = fits(right) ? right : fits(left) ? left : null;
      made.style.visibility = box ? "visible" : "hidden";
      if (box) { taken.push(box); }
      if (box === left) { made.style.transform += " translateX(-" + shift + "px)"; }
    });
  }
  function drawSites() {
    siteGroup.clearLayers();
    data.sites.filter((site) => site.stages.includes(state.stage)).forEach((site) => {
      const later = site.year !== null && (site.year > state.year || !state.planned);
      const label = say("site") + ": " + site.name + ", " + (site.year === null ? say("not_chosen") : say("chosen") + " " + site.year);
      siteGroup.addLayer(sign(siteShape(site.year !== null, later, signScale()), data.schools.points[site.school], 11 * signScale(), label, () => siteFacts(site)));
    });
  }
  function paint() {
    const layer = current(), zones = zonesNow();
    blocks.forEach((shape, block) => {
      const zone = layer.zone[block];
      shape.setStyle({ fillColor: zone >= 0 ? zones.colours[zone] : data.noCatchment });
    });
    drawTies(layer, zones);
    const clusterOf = (block) => { const zone = block < 0 ? -1 : layer.zone[block]; return zone < 0 ? -1 : data.schools.cluster[zones.members[zone][0]]; };
    edges.setLatLngs(borders.filter((one) => one.b < 0 || layer.zone[one.a] !== layer.zone[one.b]).map((one) => one.points));
    const around = borders.filter((one) => one.b >= 0 && clusterOf(one.a) !== clusterOf(one.b)).map((one) => one.points);
    clusterHalo.setLatLngs(around);
    clusterEdges.setLatLngs(around);
    movedGroup.clearLayers();
    layer.moved.forEach((block) => movedGroup.addLayer(L.circleMarker(latlng(data.blocks.points[block]), { renderer: renderers.moved, pane: "movedBlocks", radius: 3.2, color: "#1d232b", weight: 1.4, fillColor: "#ffffff", fillOpacity: 1, interactive: false })));
    drawSchools();
    drawSites();
  }
  function chooseBlock(block, at) {
    blockGroup.closeTooltip();
    L.popup({ maxWidth: 290, autoPanPaddingTopLeft: [52, 52], autoPanPaddingBottomRight: [12, 12] }).setLatLng(at || latlng(data.blocks.points[block])).setContent(blockFacts(block)).openOn(map);
    tell(blockFacts(block));
  }
  function chooseSchool(school) {
    const load = loads.find((item) => item[0] === school);
    const at = latlng(data.schools.points[school]);
    map.setView(at, Math.max(map.getZoom(), map.getBoundsZoom(blockGroup.getBounds()) + 1));
    if (load) { L.popup({ maxWidth: 290, autoPanPaddingTopLeft: [52, 52], autoPanPaddingBottomRight: [12, 12] }).setLatLng(at).setContent(schoolFacts(load)).openOn(map); tell(schoolFacts(load)); }
  }

  /* ---- the panel ---- */
  const panel = document.getElementById("panel");
  const status = element("div", { class: "hidden", role: "status", "aria-live": "polite" });
  const places = { years: element("div"), cards: element("div"), outlook: element("div"), schools: element("div"), sites: element("div") };
  function tell(content) { status.textContent = [...content.querySelectorAll("b, dt, dd")].map((part) => part.textContent).join(" "); }
  function segments(name, title, options, chosen, act) {
    return element("fieldset", {}, element("legend", {}, title), element("div", { class: "segments" }, ...options.map((option) =>
      element("label", {}, element("input", { type: "radio", name, value: option.id, checked: String(option.id) === String(chosen), on: { change: () => act(option.id) } }), element("span", {}, option.name)))));
  }
  function section(key, open, content) { return element("details", { open }, element("summary", {}, element("h2", {}, say(key))), content); }
  function table(heads, rows) {
    return element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows.map((row) => element("tr", { class: row.mark || null }, ...row.cells.map((cell) => element("td", {}, cell === null ? "" : cell))))));
  }
  function yearControl() {
    const years = stageNow().years.map((year) => ({ id: year, name: String(year) }));
    const control = segments("year", say("year"), years, state.year, (year) => choose(state.stage, Number(year)));
    if (years.length > 1) {
      control.lastChild.append(element("button", { type: "button", id: "play", on: { click: play } }, (state.timer ? "‖ " : "▶ ") + say(state.timer ? "pause" : "play")));
    }
    places.years.replaceChildren(control);
  }
  function variants() {
    const options = [{ id: "with", name: say("outlook.after") }, { id: "without", name: say("outlook.before") }];
    return segments("variant", say("plan"), options, "with", (id) => { state.planned = id === "with"; choose(state.stage, state.year); });
  }
  function play() {
    if (state.timer) { clearInterval(state.timer); state.timer = 0; }
    else {
      state.timer = setInterval(() => {
        const years = stageNow().years;
        choose(state.stage, years[(years.indexOf(state.year) + 1) % years.length]);
      }, 1600);
    }
    yearControl();
    document.getElementById("play").focus();
  }
  function drawCards() {
    const layer = current(), figures = layer.figures;
    const sum = (place) => layer.loads.reduce((total, load) => total + (load[place] || 0), 0);
    const known = layer.loads.some((load) => load[4] !== null);
    const cards = [
      ["pupils", number.format(sum(1)), ""], ["planned", number.format(sum(2)), ""], state.stage === "kindergarten" ? null : ["large", known ? number.format(sum(6)) : "–", known ? "/ " + number.format(sum(4)) : ""],
      ["mean_way", figures.mean === null ? "–" : number.format(figures.mean), say("unit.m")], ["too_far", number.format(figures.tooFar), say("unit.pupils")], ["moved_pupils", number.format(figures.moved), say("unit.pupils")],
    ];
    places.cards.replaceChildren(element("dl", { class: "cards", "aria-label": stageNow().name + " " + data.yearNames[state.year] },
      ...cards.filter((card) => card).map((card) => element("div", {}, element("dt", {}, say(card[0])), element("dd", {}, card[1], " ", element("small", {}, card[2]))))));
  }
  function chart(rows) {
    const width = 340, height = 150, left = 8, bottom = 22, top = rows.length > 8 ? 26 : 18;
    const most = Math.max(1, ...rows.map((row) => Math.max(row.before || 0, row.after || 0)));
    const step = (width - left) / rows.length, bar = Math.min(20, step / 2 - 3);
    // Numbers of three digits stand upright over narrow bars, so that they do not meet.
    const narrow = rows.length > 8, upright = narrow && most > 99, planned = data.outlook.plannedTo;
    const picture = drawn("svg", { class: narrow ? "chart narrow" : "chart", viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": say("outlook") });
    picture.append(drawn("defs", {}, drawn("pattern", { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      drawn("rect", { width: 5, height: 5, fill: "#e9ebee" }), drawn("line", { x1: 0, y1: 0, x2: 0, y2: 5, stroke: "#7a828c", "stroke-width": 2.4 }))));
    const later = planned === null ? rows.length : rows.filter((row) => row.year <= planned).length;
    if (later < rows.length) {
      const from = left + step * later;
      picture.append(drawn("rect", { class: "later", x: from, y: 0, width: width - from, height, fill: "#f4f5f6" }),
        drawn("line", { x1: from, x2: from, y1: 0, y2: height, stroke: "#7a828c", "stroke-dasharray": "3 3" }),
        drawn("text", { x: (from + width) / 2, y: 12, "text-anchor": "middle" }, say("outlook.later", { year: planned })));
    }
    rows.forEach((row, place) => {
      const middle = left + step * (place + 0.5);
      if (row.year === state.year) { picture.append(drawn("rect", { x: middle - step / 2 + 1, y: 0, width: step - 2, height, fill: "#eaf1fa", rx: 4 })); }
      [[row.before, "url(#hatch)", -bar - 1, "#7a828c"], [row.after, "#1b4f8f", 1, "#1b4f8f"]].forEach(([value, fill, shift, edge]) => {
        if (value === null) { return; }
        const tall = (height - bottom - top) * (value / most);
        picture.append(drawn("rect", { x: middle + shift, y: height - bottom - tall, width: bar, height: Math.max(tall, 0.8), fill, stroke: edge, "stroke-width": 0.8 }));
        const x = middle + shift + bar / 2, y = height - bottom - tall - 4;
        picture.append(drawn("text", upright ? { transform: "translate(" + (x + 3.5) + " " + y + ") rotate(-90)" } : { x, y, "text-anchor": "middle" }, String(value)));
      });
      picture.append(drawn("text", { x: middle, y: height - 6, "text-anchor": "middle", "font-weight": row.year === state.year ? 700 : 400 }, String(row.year)));
    });
    picture.append(drawn("line", { x1: left, x2: width, y1: height - bottom + 0.5, y2: height - bottom + 0.5, stroke: "#1d232b" }));
    return picture;
  }
  function drawOutlook() {
    if (!data.outlook) { places.outlook.replaceChildren(element("p", { class: "note" }, say("unknown"))); return; }
    const value = (rows, year, stage) => { const found = rows.find((row) => row[0] === year && row[1] === stage); return found ? found[2] : null; };
    const years = [...new Set(data.outlook.before.concat(data.outlook.after).map((row) => row[0]))].sort();
    const pick = (stage) => years.map((year) => ({ year, before: value(data.outlook.before, year, stage), after: value(data.outlook.after, year, stage) }));
    const blank = (count) => (count === null ? "–" : count);
    const primary = pick("primary"), junior = pick("junior"), all = pick("all");
    places.outlook.replaceChildren(
      ...data.outlookText.map((text) => element("p", { class: "note" }, text)),
      element("div", { class: "key" }, swatch("hatch"), element("span", {}, say("outlook.before")), swatch("#1b4f8f"), element("span", {}, say("outlook.after"))),
      chart(all),
      table([say("year"), say("stage.primary"), say("stage.junior"), say("total")], all.map((row, at) => ({
        mark: row.year === state.year ? "now" : data.outlook.plannedTo !== null && row.year > data.outlook.plannedTo ? "later" : "",
        cells: [String(row.year), ...[primary[at], junior[at], row].map((item) => blank(item.before) + " → " + blank(item.after))],
      }))),
      element("p", { class: "note" }, say("outlook.before") + " → " + say("outlook.after") + ". " + say("outlook.note")));
  }
  function swatch(fill) {
    const hatched = fill === "hatch";
    return drawn("svg", { width: 20, height: 14, "aria-hidden": "true" }, drawn("rect", { x: 1, y: 1, width: 18, height: 12, fill: hatched ? "#c9cdd2" : fill, stroke: "#1d232b", "stroke-dasharray": hatched ? "2 2" : "0" }));
  }
  function drawSchoolList() {
    const share = (load) => (load[2] > 0 ? load[1] / load[2] : 9);
    const rows = loads.slice().sort((a, b) => share(b) - share(a)).map((load) => {
      const style = alertOf(load[3]);
      const mark = element("span", { title: style.text, role: "img", "aria-label": say("alert.short." + style.name) }, style.sign);
      mark.style.color = style.colour;
      return { cells: [element("span", {}, mark, " ", element("button", { type: "button", class: "link", on: { click: () => chooseSchool(load[0]) } }, data.schools.names[load[0]])),
        number.format(load[1]) + " / " + number.format(load[2]), load[2] > 0 ? Math.round((100 * load[1]) / load[2]) + " %" : "–", load[6] === null ? "–" : load[6]] };
    });
    places.schools.replaceChildren(table([say("school"), say("pupils") + " / " + say("seats"), say("utilisation"), say("large")], rows));
  }
  function drawSiteList() {
    const wanted = data.sites.filter((site) => site.stages.includes(state.stage));
    const items = wanted.sort((a, b) => (a.year || 9999) - (b.year || 9999)).map((site) => element("li", {},
      element("button", { type: "button", class: "link", on: { click: () => { map.setView(latlng(data.schools.points[site.school]), Math.max(map.getZoom(), map.getBoundsZoom(blockGroup.getBounds()) + 1)); L.popup({ maxWidth: 290, autoPanPaddingTopLeft: [52, 52], autoPanPaddingBottomRight: [12, 12] }).setLatLng(latlng(data.schools.points[site.school])).setContent(siteFacts(site)).openOn(map); tell(siteFacts(site)); } } }, site.name), " · ", site.action, " · ",
      element("strong", {}, site.year === null ? say("not_chosen") : site.year + " " + say("chosen")),
      site.rooms ? " · " + site.rooms + " " + say("unit.rooms") + ", " + number.format(site.seats) + " " + say("unit.seats") : "",
      site.reason ? element("div", { class: "note" }, site.reason) : null));
    places.sites.replaceChildren(items.length ? element("ul", { class: "plain" }, ...items) : element("p", { class: "note" }, say("none")));
  }
  function legendList() {
    const key = element("div", { class: "key" });
    data.alerts.forEach((style) => key.append(alertShape(style, 7), element("span", {}, style.text)));
    const colours = element("span", { class: "swatches", "aria-hidden": "true" });
    [...new Set(Object.values(data.zones).flatMap((zones) => zones.colours))].slice(0, 5).forEach((colour) => { const part = element("i"); part.style.background = colour; colours.append(part); });
    const stroke = (paint) => drawn("svg", { width: 28, height: 8, "aria-hidden": "true" }, drawn("line", Object.assign({ x1: 1, x2: 27, y1: 4, y2: 4 }, paint)));
    const dot = drawn("svg", { width: 12, height: 12, "aria-hidden": "true" }, drawn("circle", { cx: 6, cy: 6, r: 3.5, fill: "#fff", stroke: "#1d232b", "stroke-width": 1.5 }));
    key.append(element("span"), element("span", { class: "note" }, say("legend.size")), colours, element("span", {}, say("legend.fill")), swatch(data.noCatchment), element("span", {}, say("legend.none")));
    if (data.sites.length) { key.append(siteShape(true, false), element("span", {}, say("legend.chosen")), siteShape(false, false), element("span", {}, say("legend.not_chosen"))); }
    if (data.clusters.length) { key.append(stroke({ stroke: "#5a189a", "stroke-width": 3, "stroke-dasharray": "7 4" }), element("span", {}, say("legend.cluster"))); }
    key.append(dot, element("span", {}, say("legend.moved")));
    if (hasWater) { key.append(stroke({ stroke: "#5b9bd0", "stroke-width": 3 }), element("span", {}, say("show.rivers"))); }
    if (data.lines.roads.length) { key.append(stroke({ stroke: "#9aa0a8", "stroke-width": 1.2 }), element("span", {}, say("show.roads"))); }
    return key;
  }
  function clusterList() {
    const members = data.clusters.map(() => []);
    data.schools.cluster.forEach((cluster, school) => { if (cluster >= 0) { members[cluster].push(school); } });
    return element("ul", { class: "plain" }, ...data.clusters.map((name, cluster) => element("li", {}, element("strong", {}, name), " (" + members[cluster].length + ")",
      element("div", { class: "note" }, members[cluster].map((school) => data.schools.names[school]).join(data.language === "zh" ? "、" : ", ")))));
  }
  const groups = { names: nameGroup, sites: siteGroup, clusters: clusterGroup, moved: movedGroup, roads: fixed.roads, rivers: fixed.rivers };
  function showGroup(name, wanted) {
    shown[name] = wanted;
    if (wanted) { groups[name].addTo(map); } else { groups[name].remove(); }
    if (name === "names") { thinNames(); }
  }
  function toggles() {
    const present = { names: true, sites: data.sites.length, clusters: data.clusters.length, moved: true, roads: data.lines.roads.length, rivers: hasWater };
    return element("fieldset", {}, element("legend", {}, say("show")), element("div", { class: "segments" }, ...Object.keys(groups).filter((name) => present[name]).map((name) =>
      element("label", {}, element("input", { type: "checkbox", checked: shown[name], on: { change: (event) => showGroup(name, event.target.checked) } }), element("span", {}, say("show." + name))))));
  }
  function finder() {
    const input = element("input", { type: "search", id: "find", list: "places", placeholder: say("find"), "aria-label": say("find"), autocomplete: "off" });
    const names = element("datalist", { id: "places" }, ...data.schools.names.concat(data.blocks.names.map((name, block) => name || data.blocks.ids[block])).map((name) => element("option", { value: name })));
    const look = (event) => {
      event.preventDefault();
      const text = input.value.trim().toLowerCase();
      if (!text) { return; }
      const search = (match) => {
        const load = loads.find((item) => match(data.schools.names[item[0]]) || match(data.schools.ids[item[0]]));
        if (load) { chooseSchool(load[0]); return true; }
        const block = data.blocks.ids.findIndex((id, at) => match(id) || match(data.blocks.names[at]));
        if (block < 0) { return false; }
        map.setView(latlng(data.blocks.points[block]), map.getBoundsZoom(blockGroup.getBounds()) + 2);
        chooseBlock(block);
        return true;
      };
      const found = search((name) => name.toLowerCase() === text) || search((name) => name.toLowerCase().includes(text));
      answer.textContent = found ? "" : say("find.none", { text: input.value });
    };
    const answer = element("p", { class: "note", role: "status" });
    return element("form", { role: "search", on: { submit: look } }, element("div", { class: "find" }, input, element("button", {}, say("find.go")), names), answer);
  }
  function choose(stage, year) {
    const sameStage = stage === state.stage && state.year;
    state.stage = stage;
    const years = stageNow().years;
    state.year = years.includes(year) ? year : years[0];
    map.closePopup();
    if (!sameStage || !places.years.firstChild) { yearControl(); }
    else { places.years.querySelectorAll("input").forEach((input) => { input.checked = Number(input.value) === state.year; }); }
    mapTitle.replaceChildren(...[stageNow().name + " · " + data.yearNames[state.year] + (state.planned ? "" : " · " + say("outlook.before")) + " ", data.synthetic ? element("span", { class: "badge" }, say("synthetic")) : ""]);
    paint();
    drawCards(); drawOutlook(); drawSchoolList(); drawSiteList();
    document.documentElement.dataset.layer = layerKey() + (state.planned ? "" : "|without");
  }

  document.body.prepend(element("a", { class: "skip", href: "#panel" }, say("skip")));
  panel.append(element("h1", {}, data.name + " · " + say("title.map")));
  if (data.synthetic) { panel.append(element("span", { class: "badge" }, say("synthetic")), element("p", { class: "note" }, say("synthetic.long"))); }
  if (!data.stages.length) { panel.append(element("p", {}, say("none"))); wholeDistrict(); return; }
  panel.append(...[segments("stage", say("stage"), data.stages, state.stage, (stage) => choose(stage, state.year)), places.years, hasWithout ? variants() : null, places.cards, finder(), toggles(), status,
    section("outlook", true, places.outlook), section("legend", true, legendList()), section("schools", true, places.schools)].filter((part) => part !== null));
  if (data.sites.length) { panel.append(section("sites", true, places.sites)); }
  if (data.clusters.length) { panel.append(section("clusters", false, clusterList())); }
  panel.append(...data.source.map((text) => element("p", { class: "note" }, text)));
  map.invalidateSize();
  wholeDistrict();
  Object.keys(groups).forEach((name) => { if (shown[name]) { groups[name].addTo(map); } });
  const preferred = data.stages.find((item) => item.id === "primary") || data.stages[0];
  panel.querySelectorAll("input[name=stage]").forEach((input) => { input.checked = input.value === preferred.id; });
  choose(preferred.id, preferred.years[0]);
  map.on("zoomend", () => { drawSchools(); drawSites(); });
  map.on("moveend", thinNames);
  window.addEventListener("resize", () => map.invalidateSize());
}
