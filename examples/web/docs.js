// Swagger UI on the document of this very application. "Try it out" sends the cookies of the page along.
SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true });
