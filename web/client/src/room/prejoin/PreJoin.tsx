/** Before joining: how one looks and sounds, one's name, whether the line will bear it, and one press. */
import { Mic, MicOff, Video, VideoOff } from "lucide";
import type { VNode } from "preact";
import { useEffect, useId } from "preact/hooks";
import { recall, remember } from "../devices/choice";
import { DeviceSelects } from "../devices/DeviceSelect";
import { MeterBar } from "../devices/MeterBar";
import { VideoView } from "../stage/VideoView";
import { Avatar } from "../ui/Avatar";
import type { Session } from "../session";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { Rules, rulesOf } from "../ui/Rules";
import { CheckAnswer } from "./CheckAnswer";
import { useCheck } from "./useCheck";

export function PreJoin(): VNode {
  const session = useSession();
  const { t, config, local } = session;
  const check = useCheck(session);
  useEffect(() => {
    const choice = recall();
    void local.begin({ camera: choice.cameraOn && !choice.lowResources, microphone: choice.microphoneOn });
  }, [local]);
  const joining = session.phase.value === "joining";
  const kept = config.recorded ? "recorded" : config.streamed ? "live" : session.keptNow.value;
  const join = (event: Event): void => {
    event.preventDefault();
    if (joining) return;
    remember({ cameraOn: local.camera.state.value.on, microphoneOn: local.microphone.state.value.on });
    session.join(check.token());
  };
  return (
    <main class="prejoin" id="main">
      <section class="prejoin__look" aria-label={t("prejoin.preview")}>
        <Preview />
        <Problems />
      </section>
      <form class="prejoin__form" onSubmit={join}>
        <header>
          {config.organisation && <p class="prejoin__organisation">{config.organisation}</p>}
          <h1 class="prejoin__title">{config.title}</h1>
        </header>
        <Rules protection={config.protection} shown={config.hidden ? shownAs(session) : ""} />
        <Name />
        <DeviceSelects />
        <div class="prejoin__go">
          {rulesOf(config.protection).length > 0 && <p class="prejoin__recorded">{t("top.protected")}</p>}
          {kept && <p class="prejoin__recorded">{t(kept === "live" ? "prejoin.live" : "prejoin.recorded")}</p>}
          <CheckAnswer result={check.result} again={check.again} />
          <button
            type="submit"
            class="button button--accent button--large button--wide"
            aria-busy={joining}
            data-testid="join"
          >
            {t(joining ? "prejoin.joining" : "prejoin.join")}
          </button>
          <a class="prejoin__back" href={config.backUrl}>
            {t("prejoin.back")}
          </a>
        </div>
      </form>
    </main>
  );
}

function shownAs({ t, config }: Session): string {
  return config.alias ? t("rules.alias", { name: config.alias }) : t("rules.number");
}

function Name(): VNode {
  const { t, config, name } = useSession();
  const hint = useId();
  if (config.nameFixed) {
    return (
      <p class="prejoin__as">
        {t("prejoin.as")} <strong>{config.name}</strong>
      </p>
    );
  }
  return (
    <label class="field">
      <span class="field__label">{t("prejoin.name")}</span>
      <input
        class="input"
        name="name"
        data-testid="name"
        autocomplete="name"
        required
        maxLength={120}
        value={name.value}
        aria-describedby={hint}
        onInput={(event) => (name.value = event.currentTarget.value)}
      />
      <span class="field__hint" id={hint}>
        {t(config.protection.hide_names ? "prejoin.nameHidden" : "prejoin.nameHint")}
      </span>
    </label>
  );
}

function Preview(): VNode {
  const { t, local, name } = useSession();
  const camera = local.camera.state.value;
  const microphone = local.microphone.state.value;
  const flip = async (device: typeof local.camera, on: boolean): Promise<void> => {
    if (on) device.turnOff();
    else await device.turnOn();
  };
  return (
    <div class="preview">
      <Avatar name={name.value || "?"} />
      {camera.track && <VideoView track={camera.track} mirrored />}
      {!camera.on && !camera.busy && <p class="preview__off">{t("prejoin.cameraOff")}</p>}
      <div class="preview__controls">
        <button
          type="button"
          class={microphone.on ? "control" : "control control--off"}
          aria-label={t(microphone.on ? "bar.microphoneOff" : "bar.microphoneOn")}
          title={t(microphone.on ? "bar.microphoneOff" : "bar.microphoneOn")}
          aria-busy={microphone.busy}
          data-testid="microphone"
          onClick={() => void flip(local.microphone, microphone.on)}
        >
          <Icon node={microphone.on ? Mic : MicOff} />
        </button>
        <button
          type="button"
          class={camera.on ? "control" : "control control--off"}
          aria-label={t(camera.on ? "bar.cameraOff" : "bar.cameraOn")}
          title={t(camera.on ? "bar.cameraOff" : "bar.cameraOn")}
          aria-busy={camera.busy}
          data-testid="camera"
          onClick={() => void flip(local.camera, camera.on)}
        >
          <Icon node={camera.on ? Video : VideoOff} />
        </button>
        <MeterBar track={microphone.on ? microphone.track : null} />
      </div>
    </div>
  );
}

/** What is wrong with a device, and what to do. One can always join without it. */
function Problems(): VNode {
  const { t, local } = useSession();
  const microphone = local.microphone.state.value.problem;
  const camera = local.camera.state.value.problem;
  return (
    <div role="status">
      {microphone && (
        <p class="device-problem" data-testid="device-problem">
          <Icon node={MicOff} size={20} />
          <span>{t(`device.microphone.${microphone}`)}</span>
          <button type="button" class="button button--small" onClick={() => void local.microphone.turnOn()}>
            {t("device.again")}
          </button>
        </p>
      )}
      {camera && (
        <p class="device-problem" data-testid="device-problem">
          <Icon node={VideoOff} size={20} />
          <span>{t(`device.camera.${camera}`)}</span>
          <button type="button" class="button button--small" onClick={() => void local.camera.turnOn()}>
            {t("device.again")}
          </button>
        </p>
      )}
    </div>
  );
}
