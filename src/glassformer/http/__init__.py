"""The ground of both servers, the page's and the translations': guards, clocks, strict JSON. Knows no model."""
