/* The rows that know the lyrics: words on the time axis, and the attention over their characters.
 *
 * A time is [start, end] in milliseconds for every character (code point) of the lyrics, or null where
 * it is not sung. Times read from the attention are drawn solid, true times dashed: the two can be
 * told apart without color.
 */

/** The words of a text with the times of their sung characters, in seconds. */
function timedWords(points, times) {
  const found = [];
  let word = null;
  points.forEach((sign, i) => {
    if (!sign.trim()) { word = null; return; }
    if (!word) { word = { text: "", start: NaN, end: NaN }; found.push(word); }
    word.text += sign;
    if (!times[i]) return;
    const [start, end] = times[i].map((time) => time / 1000);
    word.start = word.start <= start ? word.start : start;
    word.end = word.end >= end ? word.end : end;
  });
  return found.filter((each) => each.end > each.start);
}

/** One box for each word, from its start to its end. */
function wordsRow(name, points, times, sentence, dashed) {
  const words = timedWords(points, times);
  const draw = (context, { width, height }, { from, to }, colors) => {
    context.clearRect(0, 0, width, height);
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.lineWidth = 1;
    context.setLineDash(dashed ? [4, 3] : []);
    for (const { text, start, end } of words) {
      if (end < from || start > to) continue;
      const [left, right] = [start, end].map((time) => (time - from) / (to - from) * width);
      context.fillStyle = colors.faint;
      context.fillRect(left, 2, right - left, height - 4);
      context.strokeStyle = colors.quiet;
      context.strokeRect(left + 0.5, 2.5, Math.max(1, right - left - 1), height - 5);
      context.save();
      context.beginPath();
      context.rect(left, 0, right - left - 1, height);
      context.clip();
      context.fillStyle = colors.ink;
      context.fillText(text, Math.max(left, 0) + 4, height / 2 + 1);
      context.restore();
    }
  };
  const now = (time) => (words.find(({ start, end }) => time >= start && time < end) || { text: "" }).text;
  return { name, height: 30, sentence, draw, now };
}

/** Attention as a heat map: time to the right, text downward; `lines` are [times, dashed] on top. */
function alignmentRow(alignment, points, lines, redraw) {
  let picture = null, peaks = [];
  const image = new Image();
  image.onload = () => {  // a gray PNG: white is the largest weight
    const small = make("canvas");
    small.width = image.width;
    small.height = image.height;
    const context = small.getContext("2d");
    context.drawImage(image, 0, 0);
    picture = context.getImageData(0, 0, image.width, image.height);
    peaks = strongest(picture);
    for (let i = 0; i < picture.data.length; i += 4) picture.data.set([...PALETTE[picture.data[i]], 255], i);
    redraw();
  };
  image.src = "data:image/png;base64," + alignment.png;
  const draw = (context, size, view) => {
    if (!picture) return;
    const perSecond = picture.width / alignment.seconds;
    const columns = [view.from * perSecond, (view.to - view.from) * perSecond];
    const [top, below] = attended(peaks, columns, picture.height);
    paint(context, picture, columns, [top, below - top], size.width, size.height);
    const scale = points.length / picture.height, shown = { top: top * scale, below: below * scale };
    for (const [times, dashed] of lines) drawTimes(context, times, dashed, size, view, shown);
    writeWords(context, points, shown, size);
  };
  const key = lines.length > 1 ? " (solid: times read, dashed: true times)" : "";
  return { name: "attention over the lyrics" + key, height: 200, sentence: alignment.sentence + key, draw };
}

/** Row of the largest weight of every column. */
function strongest(picture) {
  const { width, height, data } = picture;
  return Array.from({ length: width }, (_, x) => {
    let best = 0;
    for (let y = 1; y < height; y++) if (data[4 * (y * width + x)] > data[4 * (best * width + x)]) best = y;
    return best;
  });
}

/** The rows worth showing: all of them, or, zoomed in, those attended to in the columns in view. */
function attended(peaks, [left, count], height) {
  if (count > 0.99 * peaks.length) return [0, height];
  const seen = peaks.slice(Math.floor(left), Math.ceil(left + count));
  if (!seen.length) return [0, height];
  return [Math.max(0, Math.min(...seen) - 6), Math.min(height, Math.max(...seen) + 7)];
}

/** Draw when each character is sung as stairs, light with a dark rim: seen on every color. */
function drawTimes(context, times, dashed, { width, height }, { from, to }, { top, below }) {
  const stairs = new Path2D();
  let drawn = false;
  times.forEach((time, i) => {
    if (!time) return;
    const y = (i + 0.5 - top) / (below - top) * height;
    const [left, right] = time.map((ms) => (ms / 1000 - from) / (to - from) * width);
    if (drawn) stairs.lineTo(left, y); else stairs.moveTo(left, y);
    stairs.lineTo(right, y);
    drawn = true;
  });
  context.setLineDash([]);
  context.lineJoin = "round";
  context.lineWidth = dashed ? 4 : 2.5;
  context.strokeStyle = "rgba(0,0,0,.75)";
  context.stroke(stairs);
  context.setLineDash(dashed ? [7, 5] : []);
  context.lineWidth = dashed ? 2 : 1;
  context.strokeStyle = "#fff";
  context.stroke(stairs);
  context.setLineDash([]);
}

/** Write the words in view at the height of their first character, along the left edge. */
function writeWords(context, points, { top, below }, { height }) {
  let free = 0;
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "top";
  context.lineWidth = 3;
  context.lineJoin = "round";
  for (let first = Math.max(0, Math.floor(top)); first < points.length; first++) {
    if (!points[first].trim() || (first && points[first - 1].trim())) continue;  // no word starts here
    const y = (first - top) / (below - top) * height;
    if (y < free || y > height - 12) continue;
    const word = points.slice(first, first + 14).join("").split(/\s/)[0];
    context.strokeStyle = "#000";
    context.strokeText(word, 4, y);
    context.fillStyle = "#fff";
    context.fillText(word, 4, y);
    free = y + 14;
  }
}
