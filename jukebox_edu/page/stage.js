/* The stage: all rows on one time axis, one cursor through them, zoom, and seeking by the pointer.
 *
 * `view` is the part of the song in sight, in seconds. The rows come from rows.js, spectrum.js and
 * words.js; of sound the stage knows only `load(i)`, which promises the samples of track i.
 */

/** Every row of a song; the first is the sound: of each track a waveform and a spectrogram. */
function songRows(data, load, redraw) {
  const points = Array.from(data.lyrics), lines = [];
  const sights = data.tracks.map((track, i) => ({
    waveform: waveRow(track),
    spectrogram: spectrumRow(track, () => load(i), redraw),
  }));
  const rows = [sights[0].waveform, ...data.lanes.map(laneRow)];
  if (data.times.length) lines.push([data.times, false]);
  if (data.truth.length) lines.push([data.truth, true]);
  for (const [times, dashed] of lines)
    rows.push(wordsRow(dashed ? "words, true" : "words, read", points, times,
                       (dashed ? "Words at their true times. " : "Words at the times read from the attention. ")
                       + "The table below the player lists them.", dashed));
  if (data.alignment)
    rows.push(alignmentRow(data.alignment, points, data.truth.length ? lines : [], redraw));
  rows.push(timeRow());
  return { sights, rows };
}

function mountStage(root, parent, data, seek, load) {
  const stage = make("div", "jbx-stage", parent);
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", "Sound, codes, words and attention on one time axis. Space plays, arrow keys seek, number keys choose the level, plus and minus zoom, S shows the spectrogram.");
  const view = { from: 0, to: data.seconds };
  let frame = 0, time = 0, track = 0, sight = "waveform";
  const redraw = () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(drawAll); };
  const { sights, rows } = songRows(data, load, redraw);
  const places = rows.map((row) => {
    const line = make("div", row.name === "time" ? "jbx-row jbx-time" : "jbx-row", stage);
    const name = make("div", "jbx-name", line);
    const place = { label: make("span", "", name), value: row.now && make("b", "jbx-value", name, ""),
                    canvas: make("canvas", "", line) };
    place.canvas.setAttribute("role", "img");
    fill(place, row);
    return place;
  });
  const cursor = make("div", "jbx-cursor", stage);

  function fill(place, row) {
    place.row = row;
    place.label.textContent = row.name;
    place.canvas.style.height = row.height + "px";
    place.canvas.setAttribute("aria-label", row.sentence);
  }
  function colors() {  // of the page, light or dark
    const look = getComputedStyle(root), names = ["ink", "quiet", "line", "faint", "wave", "now"];
    return Object.fromEntries(names.map((name) => [name, look.getPropertyValue("--" + name).trim()]));
  }
  function drawAll() {
    const ratio = window.devicePixelRatio || 1, palette = colors();
    for (const { row, canvas } of places) {
      const size = { width: canvas.clientWidth, height: row.height };
      if (!size.width) continue;
      canvas.width = Math.round(size.width * ratio);
      canvas.height = Math.round(size.height * ratio);
      const context = canvas.getContext("2d");
      context.scale(ratio, ratio);
      row.draw(context, size, view, palette);
    }
    moveCursor();
  }
  function moveCursor() {
    const canvas = places[0].canvas, share = (time - view.from) / (view.to - view.from);
    cursor.hidden = share < 0 || share > 1;
    cursor.style.transform = "translateX(" + (canvas.offsetLeft + share * canvas.clientWidth) + "px)";
    for (const { row, value } of places) {
      const text = value ? row.now(time) : "";
      if (value && value.textContent !== text) value.textContent = text;
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
  function zoom(factor) {  // the moment under the cursor stays under the cursor; 0 shows the whole song
    const old = view.to - view.from, least = Math.min(data.seconds, 0.02);
    const span = factor ? Math.min(data.seconds, Math.max(least, old / factor)) : data.seconds;
    place(time - (time - view.from) / old * span, span);
  }
  function look(newTrack, newSight) {
    [track, sight] = [newTrack, newSight];
    fill(places[0], sights[track][sight]);
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
  stage.addEventListener("wheel", (event) => {  // with Ctrl, or two fingers drawn apart: zoom
    const span = view.to - view.from;
    if (!event.ctrlKey && !(event.deltaX && span < data.seconds)) return;
    event.preventDefault();
    if (event.ctrlKey) zoom(event.deltaY < 0 ? 1.25 : 0.8);
    else place(view.from + event.deltaX / places[0].canvas.clientWidth * span, span);
  }, { passive: false });
  if (window.ResizeObserver) new ResizeObserver(redraw).observe(stage);
  if (window.matchMedia) matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  redraw();
  return { show, zoom, look, view };
}
