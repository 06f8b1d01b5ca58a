/* The player: one cursor through sound, codes, attention and lyrics.
 *
 * One entry, mount(root, data). `root` is the <figure> that page/fragment.py wrote, `data` the JSON
 * of page/payload.py. The layers are there already; this file joins them:
 *
 *     <audio> of every level -> one at a time, at the same place      (transport)
 *     picture                -> canvases with one time axis           (stage.js)
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
  const times = data.times.length ? data.times : data.truth;
  if (!box || !times.length) return { light: () => {} };
  box.textContent = "";
  box.tabIndex = 0;  // it scrolls, so it must be reachable; and keys work after a click in it
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Lyrics");
  for (const [from, to] of graphemes(points)) {
    const text = points.slice(from, to).join("");
    const sung = times.slice(from, to).filter(Boolean);
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

// ---------------------------------------------------------------- the one entry

/** Join the layers of one player. Returns {seek, level, zoom, sight, time} for hosts that drive it. */
function mount(root, data) {
  const sounds = Array.from(root.querySelectorAll("audio.jbx-audio"));
  const calm = window.matchMedia && matchMedia("(prefers-reduced-motion: reduce)").matches;
  const words = timedWords(Array.from(data.lyrics), data.times.length ? data.times : data.truth);
  let chosen = 0, sight = "waveform", wanted = 0, busy = false;

  const live = make("div", "jbx-transport");
  live.setAttribute("data-lm-suppress-shortcuts", "true");  // JupyterLab: keys pressed here are ours
  root.querySelector(".jbx-caption").after(live);
  sounds.forEach((sound, i) => {
    live.append(sound);
    sound.hidden = sound.style.display = i ? "none" : "";
    sound.setAttribute("aria-label", data.tracks[i].label);
  });
  const bar = make("div", "jbx-bar", live);
  const levels = group("Hear", data.tracks.map((track, i) => [track.label, i + 1, () => level(i)]));
  const sights = group("See", ["waveform", "spectrogram"].map((name) => [name, name[0] === "s" ? "S" : "", () => look(name)]));
  group("Zoom", [["−", "", () => stage.zoom(0.5), "zoom out"], ["+", "", () => stage.zoom(2), "zoom in"],
                 ["all", "0", () => stage.zoom(0), "show the whole song"]]);
  const warning = make("span", "jbx-warning", bar);
  const reading = make("span", "jbx-clock", bar);
  const stage = mountStage(root, live, data, seek, (i) => samplesOf(sounds[i], data.tracks[i].rate));
  const lyrics = mountLyrics(root.querySelector(".jbx-lyrics"), data, seek);
  const said = make("p", "jbx-said", live);  // for screen readers: where one is, when asked to go there
  said.setAttribute("role", "status");
  helpLine(live, [["Space", "play or pause"], ["← →", "one second"], ["Shift ← →", "a tenth"],
                  words.length && ["P N", "previous, next word"], ["Home End", "start, end"],
                  sounds.length > 1 && ["1–" + sounds.length, "level"], ["S", "spectrogram"],
                  ["+ − 0", "zoom"]].filter(Boolean));
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
      if (key !== "") make("kbd", "", button, key);
      button.addEventListener("click", action);
      return button;
    });
  }
  function time() { return busy ? wanted : sounds[chosen].currentTime; }
  function update() {
    const now = Math.min(time(), data.seconds);
    stage.show(now);
    lyrics.light(now);
    reading.textContent = clock(now) + " / " + clock(data.seconds);
  }
  function say() {
    const now = Math.min(time(), data.seconds), word = words.find(({ start, end }) => now >= start && now < end);
    said.textContent = now.toFixed(1) + " seconds" + (word ? ", " + word.text : "") + ", " + data.tracks[chosen].label;
  }
  function seek(seconds) {
    const sound = sounds[chosen];
    wanted = Math.min(Math.max(0, seconds), data.seconds);
    busy = sound.readyState === 0;  // not loaded yet: remember, and go there when it is
    if (!busy) sound.currentTime = wanted;
    update();
    if (sound.paused) say();
  }
  function toWord(step) {  // the word before or after the cursor that is sung
    const now = time();
    const found = step > 0 ? words.filter(({ start }) => start > now + 0.005).sort((a, b) => a.start - b.start)[0]
                           : words.filter(({ start }) => start < now - 0.15).sort((a, b) => b.start - a.start)[0];
    if (found) seek(found.start);
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
    press();
    say();
  }
  function look(name) { sight = name; press(); }
  function press() {  // the buttons and the first row show what was chosen
    levels.forEach((button, i) => button.setAttribute("aria-pressed", String(i === chosen)));
    sights.forEach((button) => button.setAttribute("aria-pressed", String(button.textContent.startsWith(sight))));
    stage.look(chosen, sight);
    const track = data.tracks[chosen];
    warning.textContent = track.clipped ? "⚠ " + track.clipped : "";
  }
  let last = 0;
  function follow(stamp) {  // with reduced motion the cursor steps ten times a second
    if (!calm || stamp - last > 95) { last = stamp; update(); }
    if (!sounds[chosen].paused) requestAnimationFrame(follow);
  }
  const other = () => look(sight === "waveform" ? "spectrogram" : "waveform");
  const keys = {
    " ": () => (sounds[chosen].paused ? play() : sounds[chosen].pause()),
    ArrowLeft: (event) => seek(time() - (event.shiftKey ? 0.1 : 1)),
    ArrowRight: (event) => seek(time() + (event.shiftKey ? 0.1 : 1)),
    Home: () => seek(0),
    End: () => seek(data.seconds),
    p: () => toWord(-1), n: () => toWord(1), s: other,
    "+": () => stage.zoom(2), "=": () => stage.zoom(2), "-": () => stage.zoom(0.5), 0: () => stage.zoom(0),
  };
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const tag = event.target.tagName;
    if (tag === "AUDIO" || (event.key === " " && (tag === "BUTTON" || tag === "SUMMARY"))) return;
    const number = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = number >= 0 && number < sounds.length ? () => level(number) : keys[key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action(event);
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
  return { seek, level, zoom: stage.zoom, sight: look, time };
}

/** Keys and what they do, as a line of text. */
function helpLine(parent, entries) {
  const line = make("p", "jbx-help", parent, "Keys: ");
  for (const [key, text] of entries) {
    const entry = make("span", "", line);
    make("kbd", "", entry, key);
    entry.append(" " + text);
    line.append("  ");
  }
}

/** The samples of an <audio> whose sound stands in its address, as numbers at `rate`. */
function samplesOf(sound, rate) {
  const file = bytes(sound.src.slice(sound.src.indexOf(",") + 1));
  return new OfflineAudioContext(1, 1, rate).decodeAudioData(file).then((found) => found.getChannelData(0));
}

// ---------------------------------------------------------------- start

const here = document.currentScript && document.currentScript.closest(".jbx-player");
// Some hosts run scripts later and elsewhere: then this is for the first player still asleep.
const root = here || Array.from(document.querySelectorAll(".jbx-player:not(.jbx-live)"))[0];
if (root && !root.classList.contains("jbx-live"))
  mount(root, JSON.parse(root.querySelector("script.jbx-data").textContent));
