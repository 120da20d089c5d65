// Package golangci offers the analyzers to golangci-lint as module plugins: one
// called "launchgate" with all of them, and one for each, called "launchgate-"
// and its name.
//
// Build golangci-lint with it from a .custom-gcl.yml:
//
//	version: v2.15.0
//	plugins:
//	  - module: github.com/launchgate/launchgate
//	    import: github.com/launchgate/launchgate/analyzers/golangci
//	    version: latest
//
// run "golangci-lint custom", and enable it in .golangci.yml:
//
//	linters:
//	  enable: [launchgate]
//	  settings:
//	    custom:
//	      launchgate:
//	        type: module
//	        settings:
//	          analyzers: [authz, cors] # all of them if left out
//
// Importing the package registers the plugins; there is nothing to call. It
// imports the registry of analyzers and golangci-lint's registry of plugins, and
// nothing of app.
package golangci
