/** What is asked of devices. */

export function cameraConstraints(deviceId: string): MediaTrackConstraints {
  return {
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30, max: 30 },
  };
}

/** A second camera shows small print: as many pixels as it has, up to 1080p. */
export function secondCameraConstraints(deviceId: string): MediaTrackConstraints {
  return {
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
    width: { ideal: 1920, max: 1920 },
    height: { ideal: 1080, max: 1080 },
    frameRate: { ideal: 30, max: 30 },
  };
}

/** `original`: sound as it is, for a film or an instrument. */
export function microphoneConstraints(deviceId: string, original: boolean): MediaTrackConstraints {
  return {
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
    echoCancellation: !original,
    noiseSuppression: !original,
    autoGainControl: !original,
    channelCount: { ideal: original ? 2 : 1 },
  };
}

/** `motion`: a film, which needs frames; otherwise slides, which need sharpness. */
export function screenConstraints(motion: boolean): DisplayMediaStreamOptions {
  return {
    video: { frameRate: { ideal: motion ? 30 : 15, max: 30 }, width: { max: 1920 }, height: { max: 1080 } },
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  };
}
