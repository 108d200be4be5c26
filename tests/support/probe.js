// Runs in every page of the browser tests before its own scripts: keeps hold of the peer connections and measures
// what is really received. It changes nothing that the page does.
(() => {
  const Original = window.RTCPeerConnection;
  if (!Original) return;
  const peers = [];
  window.RTCPeerConnection = class RTCPeerConnection extends Original {
    constructor(...args) {
      super(...args);
      peers.push(this);
    }
  };

  const live = () => peers.filter((peer) => peer.connectionState !== "closed");

  async function reports(type) {
    const found = [];
    for (const peer of live()) {
      const stats = await peer.getStats();
      for (const report of stats.values()) if (report.type === type) found.push([report, stats]);
    }
    return found;
  }

  const codecOf = ([report, stats]) => stats.get(report.codecId)?.mimeType ?? "";

  async function received() {
    const all = await reports("inbound-rtp");
    const of = (kind) => all.filter(([report]) => report.kind === kind);
    return {
      video: of("video").map((pair) => ({
        mid: pair[0].mid,
        ssrc: pair[0].ssrc,
        decoded: pair[0].framesDecoded ?? 0,
        width: pair[0].frameWidth ?? 0,
        height: pair[0].frameHeight ?? 0,
        packetsLost: pair[0].packetsLost ?? 0,
        repaired: pair[0].retransmittedPacketsReceived ?? 0,
        codec: codecOf(pair),
      })),
      audio: of("audio").map(([report]) => ({
        mid: report.mid,
        ssrc: report.ssrc,
        energy: report.totalAudioEnergy ?? 0,
        samples: report.totalSamplesReceived ?? 0,
        concealed: report.concealedSamples ?? 0,
      })),
    };
  }

  async function sent() {
    return (await reports("outbound-rtp")).map((pair) => ({
      kind: pair[0].kind,
      mid: pair[0].mid,
      bytes: pair[0].bytesSent ?? 0,
      frames: pair[0].framesEncoded ?? 0,
      repeated: pair[0].retransmittedPacketsSent ?? 0,
      width: pair[0].frameWidth ?? 0,
      height: pair[0].frameHeight ?? 0,
      codec: codecOf(pair),
    }));
  }

  // Frames decoded per stream at the last mark(); growing(n): how many streams have n more since.
  let marked = new Map();
  let latest = new Map();
  async function refresh() {
    latest = new Map((await received()).video.map((stream) => [`${stream.mid}/${stream.ssrc}`, stream.decoded]));
  }
  async function mark() {
    await refresh();
    marked = new Map(latest);
  }
  async function growing(frames) {
    await refresh();
    return [...latest].filter(([key, decoded]) => decoded - (marked.get(key) ?? 0) >= frames).length;
  }

  // Sound: one analyser for each received audio track.
  let audio = null;
  const analysers = new Map();
  function listen() {
    audio ??= new AudioContext();
    if (audio.state === "suspended") void audio.resume();
    for (const peer of live()) {
      for (const { track } of peer.getReceivers()) {
        if (track?.kind !== "audio" || track.readyState !== "live" || analysers.has(track.id)) continue;
        const analyser = audio.createAnalyser();
        analyser.fftSize = 4096;
        analyser.smoothingTimeConstant = 0;
        audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        analysers.set(track.id, analyser);
      }
    }
  }
  function peaks() {
    listen();
    const found = [];
    for (const analyser of analysers.values()) {
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      let best = 0;
      for (let i = 1; i < bins.length; i += 1) if (bins[i] > bins[best]) best = i;
      found.push({ hz: (best * audio.sampleRate) / analyser.fftSize, db: bins[best] });
    }
    return found;
  }
  const hears = (hz) => peaks().some((peak) => Math.abs(peak.hz - hz) < 25 && peak.db > -60);

  // Pictures: each video that is on the page is drawn small; a colour is shown if most of the picture has it, and it
  // moves if the bright bar was at another place before.
  const canvas = document.createElement("canvas");
  canvas.width = 40;
  canvas.height = 22;
  const bars = new WeakMap();
  function look(video) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  }
  function showing(colour) {
    let count = 0;
    for (const video of document.querySelectorAll("video")) {
      if (video.readyState < 2 || !video.videoWidth || video.paused) continue;
      if (video.srcObject?.getVideoTracks().some((track) => track.label.includes("fake") || track.label.includes(".y4m"))) continue;
      const pixels = look(video);
      let near = 0;
      let bar = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        const off = Math.max(...colour.map((value, channel) => Math.abs(pixels[i + channel] - value)));
        if (off < 60) near += 1;
        if (Math.min(pixels[i], pixels[i + 1], pixels[i + 2]) > 200) bar += (i / 4) % canvas.width;
      }
      const places = bars.get(video) ?? new Set();
      places.add(bar);
      bars.set(video, places);
      if (near > 0.5 * (pixels.length / 4) && places.size > 2) count += 1;
    }
    return count;
  }

  window.__probe = { peers, received, sent, mark, growing, peaks, hears, showing };
})();
