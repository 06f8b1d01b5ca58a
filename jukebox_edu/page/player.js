/* The player: one cursor through sound, codes, attention and lyrics.
 *
 * One entry, mount(root, data). `root` is the <figure> that page/fragment.py wrote, `data` the JSON
 * of page/payload.py. The layers are there already; this file joins them:
 *
 *     <audio> of every level -> one at a time, at the same place      (transport)
 *     picture                -> canvases with one time axis           (stage; drawn by rows.js)
 *     text of the lyrics     -> spans that light up                   (lyrics)
 *
 * Seconds everywhere. No network, no ids, no dependencies. Nothing plays until asked.
 */

// ---------------------------------------------------------------- lyrics

/** Cut text into what people call characters: [first code point, one behind the last]. */
function graphemes(points) {
  const joined = /[\u0590-\u08ff\u0900-\u0dff\u0e00-\u109f\u1780-\u17ff\ufb1d-\ufefc]/u;
  const cuts = [];
  let at = 0;
  const text = points.join("");
  const parts = window.Intl && Intl.Segmenter
    ? Array.from(new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text), (s) => s.segment)
    : points;
  for (const part of parts) {
    const end = at + Array.from(part).length, last = cuts[cuts.length - 1];
    // Scripts whose letters join are lit word by word: a cut inside a word would break its shapes.
    if (last && joined.test(part) && joined.test(points[last[1] - 1])) last[1] = end;
    else cuts.push([at, end]);
    at = end;
  }
  return cuts;
}

/** Replace the text of the lyrics by spans; return how to light them and where each starts. */
function mountLyrics(box, data, seek) {
  const points = Array.from(data.lyrics), spans = [];
  if (!box || !data.times.length) return { light: () => {} };
  box.textContent = "";
  for (const [from, to] of graphemes(points)) {
    const text = points.slice(from, to).join("");
    const sung = data.times.slice(from, to).filter(Boolean);
    if (!sung.length) { box.append(text); continue; }
    const element = make("span", "jbx-char", box, text);
    const start = Math.min(...sung.map((pair) => pair[0])) / 1000;
    const end = Math.max(...sung.map((pair) => pair[1])) / 1000;
    spans.push({ element, start, end, state: "" });
    element.addEventListener("click", () => seek(start));
  }
  const light = (time) => {
    for (const span of spans) {
      const state = time >= span.end ? "jbx-sung" : time >= span.start ? "jbx-lit" : "";
      if (state === span.state) continue;
      span.state = state;
      span.element.className = state ? "jbx-char " + state : "jbx-char";
      if (state === "jbx-lit") reveal(box, span.element);
    }
  };
  return { light };
}

/** Scroll the lyrics, never the page, so that `element` is seen. */
function reveal(box, element) {
  const inside = element.getBoundingClientRect(), frame = box.getBoundingClientRect();
  if (inside.top < frame.top || inside.bottom > frame.bottom)
    box.scrollTop += inside.top - frame.top - frame.height / 3;
}

// ---------------------------------------------------------------- stage: rows, zoom, one cursor

function mountStage(parent, data, seek) {
  const stage = make("div", "jbx-stage", parent);
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", "Waveform, codes and attention on one time axis. Space plays, arrow keys seek, number keys choose the level, plus and minus zoom.");
  stage.setAttribute("data-lm-suppress-shortcuts", "true");  // JupyterLab: these keys are ours
  const view = { from: 0, to: data.seconds };
  let frame = 0;
  const redraw = () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(drawAll); };
  const waves = data.tracks.map(waveRow);
  const rows = [waves[0], ...data.lanes.map(laneRow)];
  if (data.alignment) rows.push(alignmentRow(data.alignment, data.lyrics, redraw));
  rows.push(timeRow());
  const places = rows.map((row) => {
    const line = make("div", row.name === "time" ? "jbx-row jbx-time" : "jbx-row", stage);
    const name = make("div", "jbx-name", line);
    make("span", "", name, row.name);
    const value = make("b", "jbx-value", name, "");
    const canvas = make("canvas", "", line);
    canvas.style.height = row.height + "px";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", row.sentence);
    return { row, canvas, value };
  });
  const cursor = make("div", "jbx-cursor", stage);
  let time = 0;

  function drawAll() {
    const ratio = window.devicePixelRatio || 1;
    for (const { row, canvas } of places) {
      const width = canvas.clientWidth;
      if (!width) continue;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(row.height * ratio);
      const context = canvas.getContext("2d");
      context.scale(ratio, ratio);
      row.draw(context, width, row.height, view.from, view.to);
    }
    moveCursor();
  }
  function moveCursor() {
    const canvas = places[0].canvas, share = (time - view.from) / (view.to - view.from);
    cursor.hidden = share < 0 || share > 1;
    cursor.style.transform = "translateX(" + (canvas.offsetLeft + share * canvas.clientWidth) + "px)";
    for (const { row, value } of places) {
      const text = row.now(time);
      if (value.textContent !== text) value.textContent = text;
    }
  }
  function show(now) {  // page by page: the picture stands still while the cursor moves
    time = now;
    const span = view.to - view.from;
    if (time > view.to + 1e-6 || time < view.from - 1e-6) place(time - span * 0.05, span);
    moveCursor();
  }
  function place(from, span) {
    view.from = Math.min(Math.max(0, from), data.seconds - span);
    view.to = view.from + span;
    redraw();
  }
  function zoom(factor) {  // the moment under the cursor stays under the cursor
    const old = view.to - view.from;
    const span = Math.min(data.seconds, Math.max(0.02, old / factor));
    place(time - (time - view.from) / old * span, span);
  }
  function level(index) {
    places[0].row = waves[index];
    places[0].canvas.setAttribute("aria-label", waves[index].sentence);
    redraw();
  }
  const pointed = (event) => {
    const box = places[0].canvas.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    seek(view.from + share * (view.to - view.from));
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.clientX < places[0].canvas.getBoundingClientRect().left) return;
    stage.setPointerCapture(event.pointerId);
    pointed(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) pointed(event);
  });
  if (window.ResizeObserver) new ResizeObserver(redraw).observe(stage);
  redraw();
  return { show, zoom, level, view };
}

// ---------------------------------------------------------------- the one entry

/** Join the layers of one player. Returns {seek, level, zoom, time} for hosts that drive it. */
function mount(root, data) {
  const sounds = Array.from(root.querySelectorAll("audio.jbx-audio"));
  const calm = window.matchMedia && matchMedia("(prefers-reduced-motion: reduce)").matches;
  let chosen = 0, wanted = 0, busy = false;

  const live = make("div", "jbx-transport");
  root.querySelector(".jbx-caption").after(live);
  sounds.forEach((sound, i) => { live.append(sound); sound.hidden = sound.style.display = i ? "none" : ""; });
  const bar = make("div", "jbx-bar", live);
  const levels = group("Level", data.tracks.map((track, i) => [track.label, i + 1, () => level(i)]));
  group("Zoom", [["−", "", () => stage.zoom(0.5), "zoom out"], ["+", "", () => stage.zoom(2), "zoom in"]]);
  const warning = make("span", "jbx-warning", bar);
  const reading = make("span", "jbx-clock", bar);
  const stage = mountStage(live, data, seek);
  const lyrics = mountLyrics(root.querySelector(".jbx-lyrics"), data, seek);
  help();
  root.classList.add("jbx-live");

  function group(label, entries) {
    const box = make("span", "jbx-group", bar);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", label);
    make("span", "", box, label);
    return entries.map(([text, key, action, name]) => {
      const button = make("button", "", box);
      make("bdi", "", button, text);
      button.type = "button";
      if (name) button.setAttribute("aria-label", name);
      if (key) make("kbd", "", button, key);
      button.addEventListener("click", action);
      return button;
    });
  }
  function help() {
    const line = make("p", "jbx-help", live);
    for (const [key, text] of [["Space", "play or pause"], ["← →", "one second"], ["Home End", "start, end"],
                               ["1–" + sounds.length, "level"], ["+ −", "zoom"]]) {
      if (text === "level" && sounds.length === 1) continue;
      make("kbd", "", line, key);
      line.append(" " + text + "  ");
    }
  }
  function time() { return busy ? wanted : sounds[chosen].currentTime; }
  function update() {
    const now = Math.min(time(), data.seconds);
    stage.show(now);
    lyrics.light(now);
    reading.textContent = clock(now) + " / " + clock(data.seconds);
  }
  function seek(seconds) {
    const sound = sounds[chosen];
    wanted = Math.min(Math.max(0, seconds), data.seconds);
    busy = sound.readyState === 0;  // not loaded yet: remember, and go there when it is
    if (!busy) sound.currentTime = wanted;
    update();
  }
  function play() {
    const promise = sounds[chosen].play();
    if (promise) promise.catch(() => {});  // refused by the browser: the native button remains
  }
  function level(index) {
    if (!sounds[index] || index === chosen) { press(); return; }
    const old = sounds[chosen], next = sounds[index], at = time();
    const playing = !old.paused && !old.ended, focused = document.activeElement === old;
    next.volume = old.volume;
    next.muted = old.muted;
    next.playbackRate = old.playbackRate;
    chosen = index;
    seek(at);
    old.pause();
    old.style.display = "none";
    next.style.display = "";
    if (focused) next.focus();
    if (playing) play();
    stage.level(index);
    press();
  }
  function press() {
    levels.forEach((button, i) => button.setAttribute("aria-pressed", String(i === chosen)));
    const track = data.tracks[chosen];
    warning.textContent = track.clipped ? "⚠ " + track.clipped : "";
  }
  let last = 0;
  function follow(stamp) {  // with reduced motion the cursor steps ten times a second
    if (!calm || stamp - last > 95) { last = stamp; update(); }
    if (!sounds[chosen].paused) requestAnimationFrame(follow);
  }
  const keys = {
    " ": () => (sounds[chosen].paused ? play() : sounds[chosen].pause()),
    ArrowLeft: () => seek(time() - 1),
    ArrowRight: () => seek(time() + 1),
    Home: () => seek(0),
    End: () => seek(data.seconds),
    "+": () => stage.zoom(2),
    "=": () => stage.zoom(2),
    "-": () => stage.zoom(0.5),
  };
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const tag = event.target.tagName;
    if (tag === "AUDIO" || (event.key === " " && (tag === "BUTTON" || tag === "SUMMARY"))) return;
    const number = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
    const action = number >= 0 && number < sounds.length ? () => level(number) : keys[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  });
  sounds.forEach((sound, i) => {
    const mine = () => { if (i === chosen) update(); };
    for (const name of ["timeupdate", "seeked", "pause", "ended"]) sound.addEventListener(name, mine);
    sound.addEventListener("loadedmetadata", () => { if (i === chosen && busy) seek(wanted); });
    sound.addEventListener("play", () => {  // one song at a time on a page of many
      document.querySelectorAll("audio.jbx-audio").forEach((other) => { if (other !== sound) other.pause(); });
      requestAnimationFrame(follow);
    });
  });
  press();
  update();
  return { seek, level, zoom: stage.zoom, time };
}

// ---------------------------------------------------------------- start

const here = document.currentScript && document.currentScript.closest(".jbx-player");
// Some hosts run scripts later and elsewhere: then this is for the first player still asleep.
const root = here || Array.from(document.querySelectorAll(".jbx-player:not(.jbx-live)"))[0];
if (root && !root.classList.contains("jbx-live"))
  mount(root, JSON.parse(root.querySelector("script.jbx-data").textContent));
