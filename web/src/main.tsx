import { render } from "preact";
import { App } from "./app";
import "./style.css";

const app = document.getElementById("app")!;
app.replaceChildren(); // in a copy that a browser saved it holds what was drawn
render(<App />, app);
