// Swagger UI for the document of this application. "Try it out" sends the cookies of the page.
SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true });
