/** Choosing a camera, a microphone or a loudspeaker. */
import type { VNode } from "preact";
import { useSession } from "../ui/context";
import type { Device } from "./local";

interface DeviceSelectProps {
  readonly label: string;
  readonly devices: readonly Device[];
  readonly chosen: string;
  readonly choose: (id: string) => void;
}

export function Select({ label, devices, chosen, choose }: DeviceSelectProps): VNode | null {
  const { t } = useSession();
  if (devices.length === 0) return null;
  const known = devices.some(({ id }) => id === chosen);
  return (
    <label class="field">
      <span class="field__label">{label}</span>
      <select class="input" value={known ? chosen : ""} onChange={(event) => choose(event.currentTarget.value)}>
        {!known && <option value="">{t("device.default")}</option>}
        {devices.map(({ id, label: name }, index) => (
          <option key={id} value={id}>
            {name || t("device.unnamed", { number: index + 1 })}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The device that is open, else the one that was chosen. */
function current(track: MediaStreamTrack | null, chosen: string): string {
  return track?.getSettings().deviceId ?? chosen;
}

export function DeviceSelects(): VNode {
  const { local, t } = useSession();
  const { cameras, microphones, speakers } = local.devices.value;
  const canChooseSpeaker = "setSinkId" in HTMLMediaElement.prototype;
  return (
    <div class="devices">
      <Select
        label={t("device.microphone")}
        devices={microphones}
        chosen={current(local.microphone.state.value.track, local.microphone.deviceId)}
        choose={(id) => void local.chooseMicrophone(id)}
      />
      <Select
        label={t("device.camera")}
        devices={cameras}
        chosen={current(local.camera.state.value.track, local.camera.deviceId)}
        choose={(id) => void local.chooseCamera(id)}
      />
      {canChooseSpeaker && (
        <Select
          label={t("device.speaker")}
          devices={speakers}
          chosen={local.speaker.value}
          choose={(id) => local.chooseSpeaker(id)}
        />
      )}
    </div>
  );
}
