// Command centrifuge is a relay between the subscribers of channels, with the library
// behind Centrifugo. It has no accounts and no store.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"
)

func main() {
	delay := flag.Duration("delay", 0, "how long a write waits for further messages")
	flag.Parse()
	if err := serve(*delay); err != nil {
		log.Fatal(err)
	}
}

func serve(delay time.Duration) error {
	node, err := centrifuge.New(centrifuge.Config{ClientChannelLimit: 1000})
	if err != nil {
		return err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials:    &centrifuge.Credentials{UserID: "user"},
			WriteDelay:     delay,
			PingPongConfig: &centrifuge.PingPongConfig{PingInterval: 25 * time.Second, PongTimeout: 20 * time.Second},
		}, nil
	})
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnSubscribe(func(_ centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
			done(centrifuge.SubscribeReply{}, nil)
		})
		c.OnPublish(func(_ centrifuge.PublishEvent, done centrifuge.PublishCallback) {
			done(centrifuge.PublishReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		return err
	}
	http.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("ready url=http://%s\n", l.Addr())
	return http.Serve(l, nil)
}
