// SPDX-License-Identifier: Apache-2.0

// An HTTP server and a client on Go's net/http, for tests of what is between
// them.
//
//	peer serve                 serves on a free port of 127.0.0.1 and says which
//	peer ask <url> [<secret>]  asks for everything, and prints what came
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
)

var count atomic.Int64

// One line that says which message this was.
func describe(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "broken body\n"
	}
	return fmt.Sprintf("%s %s %d %.8x %s\n", r.Method, r.RequestURI, len(body),
		sha256.Sum256(body), r.Trailer.Get("X-Trailer"))
}

func answer(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/count":
		fmt.Fprintf(w, "%d\n", count.Load())
		return
	case "/gzip":
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write(bytes.Repeat([]byte("zipped "), 1000))
		_ = zip.Close()
		return
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
		return
	case "/cached":
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	case "/redirect":
		http.Redirect(w, r, "/echo", http.StatusFound)
		return
	case "/chunks":
		w.Header().Set("Trailer", "X-Sum")
		for i := 0; i < 3; i++ {
			fmt.Fprintf(w, "piece %d\n", i)
			w.(http.Flusher).Flush()
		}
		w.Header().Set("X-Sum", "sum-of-pieces")
		return
	case "/large":
		_, _ = w.Write(bytes.Repeat([]byte("0123456789abcdef"), 200_000))
		return
	case "/refuse":
		w.WriteHeader(http.StatusExpectationFailed)
		return
	}
	count.Add(1)
	_, _ = io.WriteString(w, describe(r))
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("listening %d\n", listener.Addr().(*net.TCPAddr).Port)
	return http.Serve(listener, http.HandlerFunc(answer))
}

type client struct {
	url    string
	secret string
	http   http.Client
}

func (c *client) ask(name, method, path string, body io.Reader,
	edit func(*http.Request)) {
	request, err := http.NewRequest(method, c.url+path, body)
	if err != nil {
		fmt.Println(name, "no request")
		return
	}
	if c.secret != "" {
		request.SetBasicAuth("app", c.secret)
	}
	if edit != nil {
		edit(request)
	}
	response, err := c.http.Do(request)
	if err != nil {
		fmt.Println(name, "no answer")
		return
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	fmt.Printf("%s %d %d %.8x %v etag=%s location=%s sum=%s length=%d\n", name,
		response.StatusCode, len(content), sha256.Sum256(content), err,
		response.Header.Get("ETag"), response.Header.Get("Location"),
		response.Trailer.Get("X-Sum"), response.ContentLength)
}

func askAll(url, secret string) {
	c := client{url: url, secret: secret}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	large := strings.Repeat("up and up ", 150_000)
	for i := 0; i < 3; i++ {
		c.ask("get", "GET", "/echo?a=b%20c", nil, nil)
	}
	c.ask("post", "POST", "/echo", strings.NewReader(large), nil)
	// Of a reader whose length it cannot know, the client sends chunks.
	c.ask("chunked", "PUT", "/echo", io.MultiReader(strings.NewReader(large)),
		func(r *http.Request) {
			r.Trailer = http.Header{"X-Trailer": {"behind"}}
		})
	c.ask("expect", "POST", "/echo", strings.NewReader(large),
		func(r *http.Request) { r.Header.Set("Expect", "100-continue") })
	c.ask("refused", "POST", "/refuse", strings.NewReader(large),
		func(r *http.Request) { r.Header.Set("Expect", "100-continue") })
	c.ask("head", "HEAD", "/large", nil, nil)
	for _, path := range []string{"gzip", "empty", "cached", "redirect",
		"chunks", "large"} {
		c.ask(path, "GET", "/"+path, nil, nil)
	}
	c.ask("unchanged", "GET", "/cached", nil, func(r *http.Request) {
		r.Header.Set("If-None-Match", `"v1"`)
	})
	c.ask("delete", "DELETE", "/echo", nil, nil)
	c.ask("options", "OPTIONS", "/echo", nil, nil)
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "serve":
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case len(os.Args) >= 3 && os.Args[1] == "ask":
		askAll(os.Args[2], strings.Join(os.Args[3:], ""))
	default:
		os.Exit(2)
	}
}
