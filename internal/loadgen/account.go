package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"parley/chat"
)

// account is somebody signed up, with a token.
type account struct {
	User  chat.User `json:"user"`
	Token string    `json:"token"`
}

// call sends one JSON request and decodes its answer into out.
func (p *process) call(ctx context.Context, token, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// signUp makes n accounts, a few at a time: the server hashes each password.
func (p *process) signUp(ctx context.Context, n int) ([]account, error) {
	accounts := make([]account, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i := range accounts {
		g.Go(func() error {
			return p.call(ctx, "", "POST", "/api/accounts", map[string]string{
				"handle": fmt.Sprintf("user%d", i), "name": fmt.Sprintf("User %d", i), "password": "correct horse",
			}, &accounts[i])
		})
	}
	return accounts, g.Wait()
}

// group makes a chat of the first account with all the others in it.
func (p *process) group(ctx context.Context, title string, members []account) (chat.ChatID, error) {
	ids := []chat.UserID{}
	for _, m := range members[1:] {
		ids = append(ids, m.User.ID)
	}
	var made struct {
		Chat chat.Chat `json:"chat"`
	}
	err := p.call(ctx, members[0].Token, "POST", "/api/chats",
		map[string]any{"clientId": title, "kind": chat.Group, "title": title, "members": ids}, &made)
	return made.Chat.ID, err
}

// crowd starts a server with n accounts that share one chat.
func (b *bench) crowd(ctx context.Context, n int) (*process, []account, chat.ChatID, error) {
	p, err := b.start(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	accounts, err := p.signUp(ctx, n)
	if err != nil {
		p.stop()
		return nil, nil, "", err
	}
	chatID, err := p.group(ctx, "crowd", accounts)
	if err != nil {
		p.stop()
	}
	return p, accounts, chatID, err
}
