"use strict";
// Everything from the dataset is put into the page by textContent: none of it can become an element or run.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const number = (value) => value.toLocaleString("en-US");
  const SERIES = 8;
  const SVG = "http://www.w3.org/2000/svg";
  const state = { config: 0, row: 0, document: 0 };

  const made = (name, words = "", kind = "") => {
    const element = document.createElement(name);
    if (words) element.textContent = words;
    if (kind) element.className = kind;
    return element;
  };
  const colour = (source) => `series-${Math.min(source, SERIES - 1)}`;
  const config = () => data.configs[state.config];
  const row = () => config().rows[state.row];
  const chosen = () => row().docs[state.document];
  const within = (spans, at) => (spans || []).some(([start, end]) => start <= at && at < end);

  // The row -----------------------------------------------------------------------------------------------------------
  const drawMask = () => {
    const mask = byId("mask");
    const scale = 200 / config().length;
    const triangle = (start, size) => `M${start * scale} ${start * scale}V${(start + size) * scale}H${(start + size) * scale}Z`;
    const path = (kind, d) => {
      const element = document.createElementNS(SVG, "path");
      element.setAttribute("class", kind);
      element.setAttribute("d", d);
      mask.append(element);
      return element;
    };
    mask.replaceChildren();
    path("whole", triangle(0, row().n));
    let start = 0;
    row().docs.forEach((document, place) => {
      path(colour(document.s) + (place === state.document ? " chosen" : ""), triangle(start, document.n));
      start += document.n;
    });
    path("room", "M0 0H200V200H0Z");
    const squares = row().docs.reduce((sum, document) => sum + document.n ** 2, 0);
    const share = (100 * squares / row().n ** 2).toLocaleString("en-US", { maximumFractionDigits: 1 });
    const words = row().of === 1
      ? "The mask: one document, which sees all of itself."
      : `The mask: ${number(row().of)} documents, each sees itself alone. Attention costs ${share} % of one document of ${number(row().n)} tokens.`;
    byId("mask-words").textContent = words;
    mask.setAttribute("aria-label", words);
  };

  const drawStrip = () => {
    const strip = byId("strip");
    strip.replaceChildren();
    row().docs.forEach((document, place) => {
      const name = config().sources[document.s];
      const option = made("div", document.n / config().length > 0.04 ? String(place + 1) : "", colour(document.s));
      option.id = `document-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-label", `document ${place + 1}: ${name}, ${number(document.n)} tokens`);
      option.dataset.tip = `${place + 1}: ${name}, ${number(document.n)} tokens`;
      option.style.flexGrow = document.n;
      if (!document.t) option.classList.add("bare");
      option.addEventListener("click", () => choose({ document: place }));
      strip.append(option);
    });
    const room = config().length - row().n;
    if (room > 0) {
      const element = made("div", "", "room");
      element.style.flexGrow = room;
      element.dataset.tip = `${number(room)} tokens of room`;
      element.setAttribute("aria-hidden", "true");
      strip.append(element);
    }
    const sources = byId("sources");
    sources.replaceChildren();
    for (const source of new Set(row().docs.map((document) => document.s))) {
      const item = made("li");
      item.append(made("i", "", colour(source)), made("bdi", config().sources[source]));
      sources.append(item);
    }
  };

  const markChosen = () => {
    byId("strip").querySelectorAll("[role=option]").forEach((option, place) => {
      option.setAttribute("aria-selected", String(place === state.document));
      option.tabIndex = place === state.document ? 0 : -1;
    });
    byId("document-number").textContent = `Document ${state.document + 1} of ${number(row().of)}`;
    byId("document-before").disabled = state.document === 0;
    byId("document-after").disabled = state.document === row().docs.length - 1;
    byId("row-before").disabled = state.row === 0;
    byId("row-after").disabled = state.row === config().rows.length - 1;
  };

  // The document ------------------------------------------------------------------------------------------------------
  const drawFacts = () => {
    const shown = chosen();
    const facts = byId("facts");
    facts.replaceChildren();
    const add = (name, words) => {
      if (words === undefined || words === null || words === "") return;
      const value = made("dd");
      value.append(made("bdi", words));
      facts.append(made("dt", name), value);
    };
    add("source", config().sources[shown.s] + (shown.x === undefined ? "" : `, sample ${number(shown.x)}`));
    add("tokens", number(shown.n) + (shown.p ? `: ${number(shown.p)} of prompt, ${number(shown.n - shown.p)} from the answer on` : ""));
    if (!shown.t) return;
    add("document", shown.of);
    if (shown.o) add("begins", `at token ${number(shown.o)} of it`);
    if (shown.r) add("drawn before", `${number(shown.r)} times`);
    add("answers", shown.a && shown.a.length ? shown.a.map((answer) => `“${answer}”`).join(", ") : "");
    add("depth of evidence", shown.d.length ? shown.d.map((depth) => depth.toFixed(3)).join(", ") : "");
    add("wording", shown.m);
    const inLoss = shown.l.reduce((sum, [start, end]) => sum + end - start, 0);
    add("in the loss", `${number(inLoss)} tokens`);
  };

  const drawText = () => {
    const text = byId("text");
    const shown = chosen();
    text.replaceChildren();
    text.scrollTop = 0;
    byId("token").textContent = "";
    if (!shown.t) {
      text.append(made("span", `The text of this document is not in the page: open_dataset(…).config("${config().name}").row(${row().i}).documents[${shown.k}].text`, "left-out"));
      return;
    }
    const control = new Set(data.control);
    let end = 0;
    shown.t.forEach(([start, ids, texts]) => {
      if (start > end) text.append(made("span", `… ${number(start - end)} tokens …`, "left-out"));
      let open = [];
      ids.forEach((id, place) => {
        open.push(id);
        const words = texts.length ? texts[place] : `${id} `;
        if (!words && place < ids.length - 1) return;
        const at = start + place;
        const kinds = [];
        if (within(shown.e, at)) kinds.push("evidence");
        if (within(shown.w, at)) kinds.push("answer");
        if (within(shown.l, at)) kinds.push("loss");
        if (control.has(id)) kinds.push("control");
        const token = made("span", words, kinds.join(" "));
        token.dataset.at = at - open.length + 1;
        token.dataset.ids = open.join(", ");
        token.tabIndex = -1;
        open = [];
        text.append(token);
      });
      end = start + ids.length;
    });
    if (end < shown.n) text.append(made("span", `… ${number(shown.n - end)} tokens …`, "left-out"));
    const first = text.querySelector("[data-at]");
    if (first) first.tabIndex = 0;
  };

  const tokenWords = (token) => {
    const kinds = { evidence: "evidence", answer: "answer", loss: "in the loss", control: "control token" };
    const is = Object.keys(kinds).filter((kind) => token.classList.contains(kind)).map((kind) => kinds[kind]);
    const several = token.dataset.ids.includes(",");
    return [`token ${number(Number(token.dataset.at))}`, `id${several ? "s" : ""} ${token.dataset.ids}`, ...is].join(" · ");
  };

  // Choosing ----------------------------------------------------------------------------------------------------------
  const fillRows = () => {
    const pick = byId("pick-row");
    pick.replaceChildren();
    config().rows.forEach((one, place) => {
      const option = made("option", number(one.i));
      option.value = place;
      pick.append(option);
    });
  };

  const choose = (change, focus = false) => {
    const before = { ...state };
    if (change.config !== undefined && change.config !== state.config) Object.assign(state, { config: change.config, row: 0, document: 0 });
    if (change.row !== undefined) Object.assign(state, { row: Math.min(Math.max(change.row, 0), config().rows.length - 1), document: 0 });
    if (change.document !== undefined) state.document = Math.min(Math.max(change.document, 0), row().docs.length - 1);
    if (change.first || state.config !== before.config) fillRows();
    if (change.first || state.config !== before.config || state.row !== before.row) drawStrip();
    byId("pick-config").value = state.config;
    byId("pick-row").value = state.row;
    drawMask();
    markChosen();
    drawFacts();
    drawText();
    hideTip();
    const option = byId(`document-${state.document}`);
    if (focus) option.focus();
    const strip = byId("strip");
    if (option.offsetLeft < strip.scrollLeft || option.offsetLeft + option.offsetWidth > strip.scrollLeft + strip.clientWidth) {
      strip.scrollLeft = option.offsetLeft - strip.clientWidth / 2;
    }
  };

  const KEYS = {
    ArrowRight: () => ({ document: state.document + 1 }),
    ArrowLeft: () => ({ document: state.document - 1 }),
    ArrowDown: () => ({ row: state.row + 1 }),
    ArrowUp: () => ({ row: state.row - 1 }),
    Home: () => ({ document: 0 }),
    End: () => ({ document: row().docs.length - 1 }),
  };

  const moveInText = (event) => {
    const tokens = [...byId("text").querySelectorAll("[data-at]")];
    const at = tokens.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tokens.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = tokens[Math.min(Math.max(to, 0), tokens.length - 1)];
    tokens[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };

  // Tips --------------------------------------------------------------------------------------------------------------
  const tip = byId("tip");
  const hideTip = () => { tip.hidden = true; };
  const showTip = (element) => {
    const isToken = element.dataset.ids !== undefined;
    const words = isToken ? tokenWords(element) : element.dataset.tip;
    tip.textContent = words;
    tip.hidden = false;
    const box = element.getClientRects()[0] || element.getBoundingClientRect();
    const left = Math.min(Math.max(box.left + box.width / 2 - tip.offsetWidth / 2, 6), window.innerWidth - tip.offsetWidth - 6);
    const above = box.top - tip.offsetHeight - 6;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 4 ? above : box.bottom + 6}px`;
    if (isToken) byId("token").textContent = words;
  };
  const pointed = (event) => {
    const element = event.target instanceof Element ? event.target.closest("[data-tip], [data-ids]") : null;
    if (element) showTip(element); else hideTip();
  };
  document.addEventListener("pointerover", pointed);
  document.addEventListener("focusin", (event) => { if (event.target.dataset.ids !== undefined) showTip(event.target); else hideTip(); });
  document.addEventListener("scroll", hideTip, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

  // Start -------------------------------------------------------------------------------------------------------------
  data.configs.forEach((one, place) => {
    const option = made("option", one.name);
    option.value = place;
    byId("pick-config").append(option);
  });
  byId("pick-config-label").hidden = data.configs.length < 2;
  byId("pick-config").addEventListener("change", (event) => choose({ config: Number(event.target.value) }));
  byId("pick-row").addEventListener("change", (event) => choose({ row: Number(event.target.value) }));
  byId("row-before").addEventListener("click", () => choose({ row: state.row - 1 }));
  byId("row-after").addEventListener("click", () => choose({ row: state.row + 1 }));
  byId("document-before").addEventListener("click", () => choose({ document: state.document - 1 }));
  byId("document-after").addEventListener("click", () => choose({ document: state.document + 1 }));
  byId("strip").addEventListener("keydown", (event) => {
    const change = KEYS[event.key];
    if (!change) return;
    event.preventDefault();
    choose(change(), true);
  });
  byId("text").addEventListener("keydown", moveInText);
  byId("viewer").hidden = false;
  choose({ first: true });
})();
