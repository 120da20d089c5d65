package eval

import (
	"path"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// What a route serves files from says whether strangers may have them: pages are
// embedded, or lie in folders that are called after that.

// filesOf tells from where a library's handler serves files, "" if it serves none.
func (m *machine) filesOf(x *external) string {
	pkg, _, name := split(x.name)
	switch {
	case x.name == staticFiles:
	case pkg == "net/http" && (name == "FileServer" || name == "FileServerFS"):
	case lastName(name) == "FileServer": // of a library that may be about anything
		return routes.FilesUnknown
	default:
		return ""
	}
	out := routes.FilesUnknown
	for _, a := range x.args {
		if f := folder(a, 0); f != routes.FilesUnknown {
			out = f
		}
	}
	return out
}

// staticFiles names the handler of routes that a router serves files under.
const staticFiles = "static files"

// folder tells what kind of files are in a folder, as far as the value that stands
// for it says.
func folder(v value, depth int) string {
	if depth > 5 {
		return routes.FilesUnknown
	}
	switch x := v.(type) {
	case constant:
		if x.k != 's' || x.s == "" {
			return routes.FilesUnknown
		}
		return folderNamed(x.s)
	case *unknown:
		if x.t == "embed.FS" {
			return routes.FilesPublic
		}
		if slices.ContainsFunc(x.labels, publicFolder) {
			return routes.FilesPublic
		}
	case *external:
		if x.t == "embed.FS" || slices.ContainsFunc(words(lastName(x.name)), publicFolder) {
			return routes.FilesPublic
		}
		for _, a := range x.args {
			if f := folder(a, depth+1); f == routes.FilesPublic {
				return f
			}
		}
		for _, a := range x.args {
			if f := folder(a, depth+1); f != routes.FilesUnknown {
				return f
			}
		}
	case fieldArg:
		return folder(x.v, depth+1)
	case union:
		if len(x) > 0 {
			return folder(x[0], depth+1)
		}
	}
	return routes.FilesUnknown
}

// folderNamed tells it from the path of a folder, or of one file.
func folderNamed(dir string) string {
	switch strings.ToLower(path.Ext(dir)) {
	case ".html", ".ico", ".css", ".js", ".png", ".svg", ".jpg", ".txt", ".xml", ".webmanifest", ".woff2", ".map":
		return routes.FilesPublic
	}
	for s := range strings.SplitSeq(dir, "/") {
		if slices.ContainsFunc(words(s), publicFolder) {
			return routes.FilesPublic
		}
	}
	return routes.FilesOther
}

// publicFolder: folders named so hold what browsers load.
func publicFolder(w string) bool {
	switch w {
	case "dist", "build", "static", "statics", "public", "asset", "assets", "www", "wwwroot", "webroot", "htdocs", "web", "html", "ui", "client", "frontend", "spa", "css", "js", "img", "images", "icons", "fonts", "swagger", "docs", "site", "theme", "themes":
		return true
	}
	return false
}
