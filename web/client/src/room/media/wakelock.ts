/** Keeps the screen awake while in the room, where the browser can. */
export class WakeLock {
  private lock: WakeLockSentinel | null = null;
  private wanted = false;
  private readonly onVisible = (): void => {
    if (document.visibilityState === "visible") void this.take();
  };

  hold(): void {
    if (this.wanted) return;
    this.wanted = true;
    document.addEventListener("visibilitychange", this.onVisible);
    void this.take();
  }

  release(): void {
    this.wanted = false;
    document.removeEventListener("visibilitychange", this.onVisible);
    this.lock?.release().catch(() => undefined);
    this.lock = null;
  }

  private async take(): Promise<void> {
    if (!this.wanted || !("wakeLock" in navigator)) return;
    // Refused on a low battery: the meeting goes on all the same.
    this.lock = await navigator.wakeLock.request("screen").catch(() => null);
  }
}
