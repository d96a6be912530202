// Swagger UI on this deployment's own description; nothing is validated or fetched elsewhere.
const place = document.getElementById("api-docs");
SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
