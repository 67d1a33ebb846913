"""The web app: a studio in the browser that speaks HTTP to the service and imports neither it nor the engines."""
