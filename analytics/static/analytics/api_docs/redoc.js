// ReDoc on this deployment's own description. Its search would start a worker from a blob, which the policy forbids.
const place = document.getElementById("api-docs");
Redoc.init(place.dataset.url, { disableSearch: true, hideLoading: true, nativeScrollbars: true }, place);
