/** A second camera before it is shown: which one, and how it looks. */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Select } from "../devices/DeviceSelect";
import { problemOf, type DeviceProblem } from "../devices/problems";
import { firstChoice, secondCameras } from "../devices/second";
import { VideoView } from "../stage/VideoView";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

/** A track of the chosen device for as long as the dialog looks at it; `keep` hands it over. */
function usePreview(chosen: string): {
  track: MediaStreamTrack | null;
  problem: DeviceProblem | null;
  again: () => void;
  keep: () => MediaStreamTrack | null;
} {
  const { local } = useSession();
  const [track, setTrack] = useState<MediaStreamTrack | null>(null);
  const [problem, setProblem] = useState<DeviceProblem | null>(null);
  const [turn, setTurn] = useState(0);
  const [kept] = useState<{ track: MediaStreamTrack | null }>({ track: null });
  useEffect(() => {
    if (!chosen) return undefined;
    let opened: MediaStreamTrack | null = null;
    let over = false;
    setProblem(null);
    local.second.open(chosen).then(
      (fresh) => {
        if (over) fresh.stop();
        else {
          opened = fresh;
          fresh.onended = () => setProblem("unplugged");
          setTrack(fresh);
        }
      },
      (error: unknown) => {
        if (!over) setProblem(problemOf(error));
      },
    );
    return () => {
      over = true;
      setTrack(null);
      if (opened !== kept.track) opened?.stop();
    };
  }, [chosen, turn]);
  const keep = (): MediaStreamTrack | null => (kept.track = track);
  return { track, problem, again: () => setTurn(turn + 1), keep };
}

export function SecondCameraDialog(): VNode {
  const { t, view, local } = useSession();
  const [asked, setAsked] = useState(false);
  const [wanted, setWanted] = useState("");
  useEffect(() => {
    void local.knowCameras().then(() => setAsked(true));
  }, []);
  const own = local.camera.state.value.track?.getSettings().deviceId ?? "";
  const { cameras } = local.devices.value;
  const candidates = cameras.length > 1 ? secondCameras(cameras, own) : [];
  const chosen = candidates.some(({ id }) => id === wanted)
    ? wanted
    : firstChoice(candidates, local.second.remembered);
  const preview = usePreview(chosen);
  const close = (): void => {
    view.dialog.value = null;
  };
  const show = (event: Event): void => {
    event.preventDefault();
    const track = preview.keep();
    if (!track) return;
    local.second.show(track);
    close();
  };
  return (
    <Dialog title={t("second.title")} onClose={close}>
      <p class="sheet__note">{t("second.text")}</p>
      {candidates.length > 0 ? (
        <form class="picture" onSubmit={show}>
          <Select label={t("device.camera")} devices={candidates} chosen={chosen} choose={setWanted} />
          <div class="picture__preview picture__preview--live" role="img" aria-label={t("second.preview")}>
            {preview.track && !preview.problem && <VideoView track={preview.track} whole />}
          </div>
          {preview.problem && (
            <p class="rollcall__failure" role="alert">
              {t(`device.camera.${preview.problem}`)}
            </p>
          )}
          <div class="sheet__actions">
            {preview.problem && (
              <button type="button" class="button" onClick={preview.again}>
                {t("device.again")}
              </button>
            )}
            <button type="button" class="button" onClick={close}>
              {t("close")}
            </button>
            <button
              type="submit"
              class="button button--primary"
              disabled={!preview.track || preview.problem !== null}
              data-testid="second-show"
            >
              {t("second.show")}
            </button>
          </div>
        </form>
      ) : (
        <Only asked={asked} close={close} />
      )}
    </Dialog>
  );
}

/** There is no camera besides the own one. A camera that is plugged in now is noticed by itself. */
function Only({ asked, close }: { readonly asked: boolean; readonly close: () => void }): VNode {
  const { t } = useSession();
  return (
    <>
      <p role="status" data-testid="second-none">
        {asked ? t("second.none") : t("second.looking")}
      </p>
      <div class="sheet__actions">
        <button type="button" class="button" onClick={close}>
          {t("close")}
        </button>
      </div>
    </>
  );
}
