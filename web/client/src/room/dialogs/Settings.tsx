/** Devices, sound, saving, shortcuts, the own name, the language. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { rename } from "../actions";
import { DeviceSelects } from "../devices/DeviceSelect";
import { MeterBar } from "../devices/MeterBar";
import { Dialog } from "../ui/Dialog";
import { LANGUAGES } from "../language";
import { useSession } from "../ui/context";

interface SwitchProps {
  readonly label: string;
  readonly hint: string;
  readonly on: boolean;
  readonly set: (on: boolean) => void;
}

function Switch({ label, hint, on, set }: SwitchProps): VNode {
  return (
    <label class="switch">
      <span>
        <span class="switch__label">{label}</span>
        <span class="switch__hint">{hint}</span>
      </span>
      <input type="checkbox" role="switch" checked={on} onChange={(event) => set(event.currentTarget.checked)} />
    </label>
  );
}

export function Settings(): VNode {
  const session = useSession();
  const { t, view, local } = session;
  const saveLine = (on: boolean): void => {
    view.setLowResources(on);
    if (on) local.camera.turnOff();
  };
  return (
    <Dialog title={t("settings.title")} onClose={() => (view.dialog.value = null)}>
      <DeviceSelects />
      <div class="settings__meter">
        <span>{t("prejoin.meter")}</span>
        <MeterBar track={local.microphone.state.value.on ? local.microphone.state.value.track : null} />
      </div>
      <OwnName />
      <LanguageChoice />
      <Switch
        label={t("settings.original")}
        hint={t("settings.originalHint")}
        on={local.original.value}
        set={(on) => void local.setOriginal(on)}
      />
      <Switch label={t("settings.low")} hint={t("settings.lowHint")} on={view.lowResources.value} set={saveLine} />
      <Switch
        label={t("settings.shortcuts")}
        hint={t("settings.shortcutsHint")}
        on={view.shortcuts.value}
        set={(on) => view.setShortcuts(on)}
      />
    </Dialog>
  );
}

function LanguageChoice(): VNode {
  const session = useSession();
  return (
    <fieldset class="choice">
      <legend class="field__label">{session.t("settings.language")}</legend>
      {LANGUAGES.map(({ code, name }) => (
        <label key={code} class="choice__one" lang={code}>
          <input
            type="radio"
            name="language"
            value={code}
            checked={session.language.value === code}
            onChange={() => session.speak(code)}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Guests and endpoints may change their name; who signed in has the name of the account. */
function OwnName(): VNode | null {
  const session = useSession();
  const { t } = session;
  const meeting = session.meeting.value;
  const self = meeting?.participants.get(meeting.self);
  const [name, setName] = useState(self?.name ?? "");
  if (!self || self.presence === "person") return null;
  const change = async (wanted: string): Promise<void> => {
    if (await rename(session, wanted)) session.toasts.say(t("settings.renamed"));
  };
  return (
    <form
      class="settings__name"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) void change(name.trim());
      }}
    >
      <label class="field">
        <span class="field__label">{t("prejoin.name")}</span>
        <input
          class="input"
          maxLength={120}
          required
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button">
        {t("settings.rename")}
      </button>
    </form>
  );
}
