/* What the player draws: waveform, codes, attention, time axis. Joined with player.js by fragment.py.
 *
 * Every row is {name, height, sentence, draw(context, width, height, from, to), now(time)}: `draw`
 * paints the seconds `from` to `to` over the whole canvas, `now` says the value at one moment.
 * The numbers come from page/payload.py; nothing here knows of sound or of keys.
 */

// ---------------------------------------------------------------- small tools

/* Seven points of the viridis map; lightness grows from each to the next, so gray prints agree. */
const VIRIDIS = [[68, 1, 84], [68, 57, 131], [49, 104, 142], [33, 145, 140], [53, 183, 121],
                 [144, 215, 67], [253, 231, 37]];

/** Color of a share from 0 to 1, as [red, green, blue]. */
function viridis(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2), part = place - low;
  return VIRIDIS[low].map((from, i) => Math.round(from + part * (VIRIDIS[low + 1][i] - from)));
}
const PALETTE = Array.from({ length: 256 }, (_, i) => viridis(i / 255));

function bytes(base64) {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0)).buffer;
}

function make(tag, className, parent, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

/** Seconds as people read them: 0:03.25 */
function clock(seconds) {
  const hundredths = Math.round(seconds * 100), rest = hundredths % 6000;
  return Math.floor(hundredths / 6000) + ":" + (rest / 100).toFixed(2).padStart(5, "0");
}

/** A round number of seconds between two ticks, for at most `most` ticks in `span`. */
function tickStep(span, most) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60];
  return steps.find((step) => span / step <= most) || 60 * Math.ceil(span / most / 60);
}

// ---------------------------------------------------------------- rows

function waveRow(track) {
  const peaks = new Int8Array(bytes(track.peaks)), bins = peaks.length / 2;
  const draw = (context, width, height, from, to) => {
    const middle = height / 2, scale = middle * 0.94 / 127;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#9aa4ae";
    context.fillRect(0, middle, width, 1);
    for (let x = 0; x < width; x++) {
      const bin = (share) => Math.floor((from + share * (to - from)) / track.seconds * bins);
      let low = 127, high = -127;
      for (let i = bin(x / width), last = Math.max(i + 1, bin((x + 1) / width)); i < last && i < bins; i++) {
        low = Math.min(low, peaks[2 * i]);
        high = Math.max(high, peaks[2 * i + 1]);
      }
      if (low > high) continue;
      context.fillStyle = "#2b5c8a";
      context.fillRect(x, middle - high * scale, 1, Math.max(1, (high - low) * scale));
      if (track.clipped && (high >= 127 || low <= -127)) {  // clipped: a mark at the edge
        context.fillStyle = "#c1440e";
        context.fillRect(x, 0, 1, height * 0.07);
      }
    }
  };
  return { name: "waveform", height: 92, sentence: track.sentence, draw, now: () => "" };
}

function laneRow(lane) {
  const Kind = lane.bytes === 4 ? Uint32Array : Uint16Array;
  const codes = new Kind(bytes(lane.codes)), hop = lane.hop * lane.step;
  const at = (time) => Math.min(codes.length - 1, Math.max(0, Math.floor(time / hop + 1e-6)));
  // More codes than columns: the codes of one column are stacked in it, the first on top.
  const draw = (context, width, height, from, to) => {
    const columns = Math.max(1, Math.ceil(width / 2)), each = (to - from) / columns / hop;
    const rows = Math.min(24, Math.max(1, Math.ceil(each)));
    const picture = new ImageData(columns, rows);
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) {
      const index = Math.floor(from / hop + (x + (y + 0.5) / rows) * each);
      if (index >= codes.length) continue;
      const share = codes[index] / Math.max(1, lane.size - 1);
      picture.data.set([...PALETTE[Math.round(share * 255)], 255], 4 * (y * columns + x));
    }
    paint(context, picture, [0, columns], [0, rows], width, height);
  };
  const note = lane.step > 1 ? " (1 in " + lane.step + ")" : "";  // how many of them are kept
  return { name: lane.label + note, height: 44, sentence: lane.sentence + note, draw,
           now: (time) => String(codes[at(time)]) };
}

/** Stretch a part of a picture over the canvas; columns and rows are [first, how many]. */
function paint(context, picture, [left, columns], [top, rows], width, height) {
  const small = make("canvas");
  small.width = picture.width;
  small.height = picture.height;
  small.getContext("2d").putImageData(picture, 0, 0);
  context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, left, top, columns, rows, 0, 0, width, height);
}

function alignmentRow(alignment, lyrics, redraw) {
  const points = Array.from(lyrics);
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
  const draw = (context, width, height, from, to) => {
    if (!picture) return;
    const perSecond = picture.width / alignment.seconds;
    const columns = [from * perSecond, (to - from) * perSecond];
    const [top, below] = attended(peaks, columns, picture.height);
    paint(context, picture, columns, [top, below - top], width, height);
    const scale = points.length / picture.height;
    writeWords(context, points, [top * scale, below * scale], width, height);
  };
  return { name: "attention over the lyrics", height: 200, sentence: alignment.sentence, draw, now: () => "" };
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

/** Write the words in view at the height of their first character, along the left edge. */
function writeWords(context, points, [top, below], width, height) {
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

function timeRow() {
  const draw = (context, width, height, from, to) => {
    context.clearRect(0, 0, width, height);
    context.fillStyle = "#1b1f24";
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "bottom";
    const step = tickStep(to - from, width / 70);
    for (let n = Math.ceil(from / step - 1e-9); n * step <= to + 1e-9; n++) {
      const x = (n * step - from) / (to - from) * width;
      const text = parseFloat((n * step).toFixed(3)) + " s";
      const left = Math.min(Math.max(0, x - context.measureText(text).width / 2), width - context.measureText(text).width);
      context.fillRect(Math.min(x, width - 1), 0, 1, 6);
      context.fillText(text, left, height);
    }
  };
  return { name: "time", height: 25, sentence: "Time axis in seconds.", draw, now: () => "" };
}
