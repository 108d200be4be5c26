import { render } from "preact";
import "../styles/tokens.css";
import "../styles/base.css";

const root = document.getElementById("room");
if (root) render(<main id="main" />, root);
