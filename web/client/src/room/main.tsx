/** Entry of the room's page. */
import { render } from "preact";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/components.css";
import "./styles/index.css";
import { App } from "./App";
import { readConfig } from "./config";
import { expose } from "./debug";
import { Session } from "./session";

const root = document.getElementById("room");
const settings = document.getElementById("room-config");
if (root && settings) {
  const session = new Session(readConfig(settings.textContent ?? ""));
  root.classList.add("room");
  expose(session);
  render(<App session={session} />, root);
}
