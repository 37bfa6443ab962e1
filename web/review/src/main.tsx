import { render } from "preact";
import { App } from "./app";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/room.css";
import "./styles/panel.css";
import "./styles/narrow.css";

render(<App />, document.body);
