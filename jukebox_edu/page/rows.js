/* What the player draws: waveform, codes, time axis. Joined with its neighbors by fragment.py.
 *
 * Every row is {name, height, sentence, draw(context, size, view, colors), now(time)}: `draw` paints
 * the seconds view.from to view.to over a canvas of size.width x size.height, `now` says the value at
 * one moment, if the row has values. The numbers come from page/payload.py; nothing here knows of sound or of keys.
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
  const draw = (context, { width, height }, { from, to }, colors) => {
    const middle = height / 2, scale = middle * 0.94 / 127;
    context.clearRect(0, 0, width, height);
    context.fillStyle = colors.line;
    context.fillRect(0, middle, width, 1);
    for (let x = 0; x < width; x++) {
      const bin = (share) => Math.floor((from + share * (to - from)) / track.seconds * bins);
      let low = 127, high = -127;
      for (let i = bin(x / width), last = Math.max(i + 1, bin((x + 1) / width)); i < last && i < bins; i++) {
        low = Math.min(low, peaks[2 * i]);
        high = Math.max(high, peaks[2 * i + 1]);
      }
      if (low > high) continue;
      context.fillStyle = colors.wave;
      context.fillRect(x, middle - high * scale, 1, Math.max(1, (high - low) * scale));
      if (track.clipped && (high >= 127 || low <= -127)) {  // clipped: a mark at the edge
        context.fillStyle = colors.now;
        context.fillRect(x, 0, 1, height * 0.07);
      }
    }
  };
  return { name: "waveform", height: 92, sentence: track.sentence, draw };
}

function laneRow(lane) {
  const Kind = lane.bytes === 4 ? Uint32Array : Uint16Array;
  const codes = new Kind(bytes(lane.codes)), hop = lane.hop * lane.step;
  const at = (time) => Math.min(codes.length - 1, Math.max(0, Math.floor(time / hop + 1e-6)));
  // More codes than columns: the codes of one column are stacked in it, the first on top.
  const draw = (context, { width, height }, { from, to }) => {
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

function timeRow() {
  const draw = (context, { width, height }, { from, to }, colors) => {
    context.clearRect(0, 0, width, height);
    context.fillStyle = colors.ink;
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
  return { name: "time", height: 25, sentence: "Time axis in seconds.", draw };
}
