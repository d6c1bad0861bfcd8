package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"parley/middleware"
)

// lanURL returns the URL of the server in its network, for other devices: they cannot open
// a base that is localhost. It returns nil if base is another host, if links have a public
// URL, if the server listens on loopback alone, or if the request is from another machine:
// then this one may be a container, whose address its network does not know.
func (a *API) lanURL(r *http.Request, base *url.URL) *url.URL {
	listen, ok := a.Listen.(*net.TCPAddr)
	if !ok || a.PublicURL != nil || base.Scheme != "http" || !isLoopback(base.Hostname()) || !isLoopback(middleware.Address(r.Context())) {
		return nil
	}
	ip := listen.IP
	if ip.IsUnspecified() {
		ip = outboundIP()
	}
	if ip == nil || ip.IsLoopback() {
		return nil
	}
	return &url.URL{Scheme: "http", Host: net.JoinHostPort(ip.String(), strconv.Itoa(listen.Port))}
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// outboundIP returns the address from which this machine reaches other networks, or nil.
// It sends nothing: connecting a UDP socket only asks for the route.
func outboundIP() net.IP {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return nil
	}
	defer conn.Close()
	if local, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return local.IP
	}
	return nil
}
