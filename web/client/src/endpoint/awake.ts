/** Keep the screen on (W3C Screen Wake Lock). The lock is lost whenever the page is hidden, so it is taken again. */
export function keepAwake(cannot: () => void): void {
  if (!("wakeLock" in navigator)) {
    cannot();
    return;
  }
  const take = (): void => {
    if (document.visibilityState !== "visible") return;
    navigator.wakeLock.request("screen").catch(() => undefined);
  };
  document.addEventListener("visibilitychange", take);
  take();
}
