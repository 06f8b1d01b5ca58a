/* The spectrogram: how much of every frequency sounds at every moment.
 *
 * Computed here from the sound that the page carries, for the seconds in view: the page stays small,
 * and zooming in shows more instead of larger dots. Loud is light, 80 dB below the loudest is dark.
 */

const FLOOR_DB = -80;

/** What the transform of `size` samples needs again and again. */
function fourierTables(size) {
  const turn = (share) => 2 * Math.PI * share;
  return {
    size,
    window: Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos(turn(i / size))),  // Hann
    cosine: Float64Array.from({ length: size / 2 }, (_, k) => Math.cos(turn(k / size))),
    sine: Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin(turn(k / size))),
  };
}

/** Fast Fourier transform in place; `real` and `imaginary` hold a power of two of numbers. */
function fourier(real, imaginary, tables) {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {  // sort by reversed bits
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let half = 1; half < n; half *= 2) {  // join two short transforms into one
    for (let k = 0; k < half; k++) {
      const c = tables.cosine[k * (n / 2 / half)], s = tables.sine[k * (n / 2 / half)];
      for (let i = k; i < n; i += 2 * half) {
        const j = i + half, re = real[j] * c - imaginary[j] * s, im = real[j] * s + imaginary[j] * c;
        real[j] = real[i] - re;
        imaginary[j] = imaginary[i] - im;
        real[i] += re;
        imaginary[i] += im;
      }
    }
  }
}

/** Powers of the frequencies around one moment, from 0 up to half the sample rate. */
function powers(samples, center, tables) {
  const { size, window } = tables, real = new Float64Array(size), imaginary = new Float64Array(size);
  for (let i = 0; i < size; i++) real[i] = (samples[center - size / 2 + i] || 0) * window[i];
  fourier(real, imaginary, tables);
  const found = new Float64Array(size / 2);
  for (let k = 0; k < size / 2; k++) found[k] = real[k] * real[k] + imaginary[k] * imaginary[k];
  return found;
}

/** A row like waveRow; `load` promises the samples of the track, called when first drawn. */
function spectrumRow(track, load, redraw) {
  const tables = fourierTables(track.rate > 24000 ? 2048 : 1024), rows = tables.size / 2;
  let samples = null, failed = "", kept = null;
  const start = () => {
    failed = "reading the sound …";
    load().then((found) => { samples = found; failed = ""; redraw(); },
                () => { failed = "this browser cannot read the sound"; redraw(); });
  };
  const picture = (columns, { from, to }) => {
    const all = Array.from({ length: columns }, (_, x) =>
      powers(samples, Math.round((from + (x + 0.5) / columns * (to - from)) * track.rate), tables));
    let loudest = 1e-12;
    for (const column of all) for (const power of column) loudest = Math.max(loudest, power);
    const image = new ImageData(columns, rows), data = image.data;
    for (let x = 0; x < columns; x++) for (let k = 0; k < rows; k++) {
      const share = 1 - 10 * Math.log10(Math.max(all[x][k], 1e-30) / loudest) / FLOOR_DB;
      const color = PALETTE[Math.round(Math.min(Math.max(share, 0), 1) * 255)];
      const place = 4 * ((rows - 1 - k) * columns + x);
      [data[place], data[place + 1], data[place + 2]] = color;
      data[place + 3] = 255;
    }
    return image;
  };
  const draw = (context, { width, height }, view, colors) => {
    context.clearRect(0, 0, width, height);
    if (!samples && !failed) start();
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "top";
    if (!samples) { context.fillStyle = colors.ink; context.fillText(failed, 4, 4); return; }
    const columns = Math.max(1, Math.min(600, Math.round(width))), name = [columns, view.from, view.to].join();
    if (!kept || kept.name !== name) kept = { name, image: picture(columns, view) };
    paint(context, kept.image, [0, columns], [0, kept.image.height], width, height);
    context.lineWidth = 3;
    context.lineJoin = "round";
    const step = track.rate > 24000 ? 5000 : 2000;
    for (let hertz = 0; hertz <= track.rate / 2; hertz += step) {
      const y = height * (1 - hertz / (track.rate / 2)), top = Math.min(Math.max(0, y - 6), height - 12);
      const text = hertz / 1000 + " kHz";
      context.strokeStyle = "#000";
      context.strokeText(text, 4, top);
      context.fillStyle = "#fff";
      context.fillRect(0, Math.min(y, height - 1), 3, 1);
      context.fillText(text, 4, top);
    }
  };
  return { name: "spectrogram", height: 150, sentence: track.spectrum, draw };
}
