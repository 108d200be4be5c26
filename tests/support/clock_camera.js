// Runs in a page before its own scripts: its camera shows the time and its microphone beeps each second.
// The picture is one colour, twelve in turn, each for a second of the wall clock, so that whoever watches can tell how old
// what they see is.
(() => {
  const COLOURS = 12;
  function picture() {
    const canvas = document.createElement("canvas");
    canvas.width = 640;
    canvas.height = 360;
    const context = canvas.getContext("2d");
    const paint = () => {
      const second = Math.floor(Date.now() / 1000) % COLOURS;
      context.fillStyle = `hsl(${(second * 360) / COLOURS} 100% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    };
    setInterval(paint, 20);
    paint();
    return canvas.captureStream(25).getVideoTracks()[0];
  }
  function sound() {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const gain = context.createGain();
    const out = context.createMediaStreamDestination();
    gain.gain.value = 0;
    tone.frequency.value = 700;
    tone.connect(gain).connect(out);
    tone.start();
    setInterval(() => {
      gain.gain.value = Date.now() % 1000 < 250 ? 0.5 : 0;
    }, 10);
    return out.stream.getAudioTracks()[0];
  }
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = new MediaStream();
    if (wanted.video) stream.addTrack(picture());
    if (wanted.audio) stream.addTrack(sound());
    return stream;
  };
})();
