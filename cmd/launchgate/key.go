package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/keyfile"
)

// keySource says where the key of an installation comes from: what is configured,
// else a file of the server's own, "" when replicas share a database and so
// must be told one.
type keySource struct {
	configured config.Secret
	file       string
}

func keyFrom(cfg config.Server) keySource {
	k := keySource{configured: cfg.InstallationKey}
	if !cfg.Database.PostgresDSN.IsSet() {
		k.file = cfg.KeyPath()
	}
	return k
}

// The rows of the table of settings that are about the key. Versions before kept
// the key itself in the database, where whoever steals the database finds it
// beside the fingerprints it makes testable.
const (
	settingOldKey   = "key"
	settingKeyCheck = "key_check"
)

// knownKey is what a database knows of the key of its installation.
type knownKey struct {
	check string // tells whether a key is the right one; "" before the first start
	old   []byte // the key itself, as earlier versions kept it; nil if it is out
	// stray says that there is a key which is not the installation's: an earlier
	// version that is started after the move finds none and makes one.
	stray bool
}

func checkOf(key []byte) string { return hex.EncodeToString(derive(key, "check")) }

func readKnownKey(ctx context.Context, db *store.DB) (known knownKey, err error) {
	find := func(name string) string {
		text, ferr := db.FindSetting(ctx, name)
		if ferr != nil && !errors.Is(ferr, store.ErrNotFound) {
			err = errors.Join(err, fmt.Errorf("read the key of this installation: %w", ferr))
		}
		return text
	}
	known.check = find(settingKeyCheck)
	text := find(settingOldKey)
	if err != nil || text == "" {
		return known, err
	}
	key, ok := config.DecodeKey([]byte(text))
	switch {
	case known.check != "" && (!ok || !known.is(key)):
		known.stray = true
	case !ok:
		return known, &review.Error{Code: review.CodeStorageUnavailable, Op: "read the key of this installation", Do: "restore the row 'key' of the table settings from a backup"}
	default:
		known.old = key
	}
	return known, nil
}

// is reports whether a key is the installation's.
func (k knownKey) is(key []byte) bool { return hmac.Equal([]byte(k.check), []byte(checkOf(key))) }

// leave takes the key out of the database once another place has it. The check is
// there before the key is gone: whatever happens in between, no server takes
// another key for the first one.
func (k knownKey) leave(ctx context.Context, db *store.DB, key []byte) error {
	have, err := db.Setting(ctx, settingKeyCheck, func() string { return checkOf(key) })
	if err != nil {
		return fmt.Errorf("note the key of this installation: %w", err)
	}
	if k.check = have; !k.is(key) {
		return errOtherKey
	}
	if k.old == nil && !k.stray {
		return nil
	}
	return db.WipeSetting(ctx, settingOldKey)
}

var errOtherKey = errors.New("the database was made with another key")

// installationKey returns the key of this installation. What leaves the system is
// made with keys derived from it. It is never in the database, which only knows a
// value that tells whether a key is the right one: with another key, no secret
// would be recognised and no comment found again, so that is refused.
func installationKey(ctx context.Context, db *store.DB, from keySource, log *slog.Logger) ([]byte, error) {
	bad := func(what, do string) ([]byte, error) {
		return nil, &review.Error{Code: review.CodeBadConfig, Op: "read the key of this installation", What: what, Do: do}
	}
	known, err := readKnownKey(ctx, db)
	if err != nil {
		return nil, err
	}
	var key []byte
	switch {
	case from.configured.IsSet():
		key, _ = config.DecodeKey(from.configured.Reveal())
	case from.file != "":
		if key, err = keyFile(from.file, known, log); err != nil {
			return nil, err
		}
	case known.old != nil:
		return bad("which is in the database", "move it out with 'launchgate key move FILE' and name that file in installation_key_file, on every replica")
	default:
		return bad("", "make one with 'launchgate key new -o FILE' and name that file in installation_key_file; replicas that share a database need the same")
	}
	if known.check == "" && known.old != nil && !bytes.Equal(key, known.old) {
		return bad("which differs from the one an earlier version keeps in the database", "leave installation_key unset or take the one that 'launchgate key move FILE' writes; stop servers of earlier versions")
	}
	err = known.leave(ctx, db, key)
	switch {
	case errors.Is(err, errOtherKey):
		where := "installation_key"
		if !from.configured.IsSet() {
			where = from.file
		}
		return bad("from "+where+", which is not the one this database was made with", "restore it from where you keep a copy, or begin anew with 'launchgate key forget', which forgets what was decided about secrets")
	case err != nil:
		return nil, err
	case known.stray:
		log.Warn("a server of an earlier version put a key of its own into the database, which is removed; stop that server: what it finds is listed apart")
	case known.old != nil:
		log.Info("the key of this installation is no longer in the database; backups of the database made before this hold it")
	}
	return key, nil
}

// keyFile returns the key in a file of the server's own, which it makes at the
// first start, from the key an earlier version left if there is one. A missing
// file is no first start when the database knows a key.
func keyFile(path string, known knownKey, log *slog.Logger) ([]byte, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && known.old == nil {
		if known.check != "" {
			return nil, &review.Error{Code: review.CodeBadConfig, Op: "read the key of this installation", What: path + ", which is gone",
				Do: "restore it from where you keep a copy, name the file it was moved to in installation_key_file, or begin anew with 'launchgate key forget', which forgets what was decided about secrets"}
		}
		log.Info("a key for this installation is made; keep a copy of it where the backups of the database are not", "file", path)
	}
	key, err := keyfile.ReadOrMake(path, config.KeyDigits/2, func() []byte {
		if known.old != nil {
			return known.old
		}
		return keyfile.New()
	})
	// Not refused: who mounts a volume may have set its group on every file.
	if err == nil && openToOthers(path) {
		log.Warn("others may read the key of this installation: chmod 600 it", "file", path)
	}
	return key, err
}

func openToOthers(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o077 != 0
}

// derive makes a key for one purpose from the installation's.
func derive(key []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

func newKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make, move or give up the key that fingerprints of secrets are made with",
		Long: `Fingerprints of found secrets are made with the key of the installation, so that
nobody who has the database alone can test a guess against it. The key is
therefore never in the database: it is what installation_key or
installation_key_file says. Left unset, a server with SQLite keeps it in
data_dir/installation.key, made at its first start. Keep a copy of it, away from
the backups of the database.`,
	}
	cmd.AddCommand(newKeyNewCommand(), newKeyMoveCommand(), newKeyForgetCommand())
	return cmd
}

func newKeyNewCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Make a key",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "" {
				return keyfile.Write(output, keyfile.New())
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%x\n", keyfile.New())
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write it to this new file, which only this user can read, instead of standard output")
	return cmd
}

func newKeyMoveCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "move FILE",
		Short: "Move the key that an earlier version kept in the database into a file",
		Long: `Move the key that an earlier version kept in the database into a new file, for
installation_key_file. Backups of the database made before still hold it; if
they may be in the wrong hands, use 'launchgate key forget' and a new key.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd.Context(), path, func(ctx context.Context, db *store.DB) error {
				known, err := readKnownKey(ctx, db)
				if err == nil && known.old == nil {
					err = cli.Usage(errors.New("the database does not hold the installation's key"))
				}
				if err == nil {
					err = keyfile.Write(args[0], known.old)
				}
				if err == nil {
					err = known.leave(ctx, db, known.old)
				}
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "the key is in %s and no longer in the database; name the file in installation_key_file\n", args[0])
				return err
			})
		},
	}
	configFlag(cmd, &path)
	return cmd
}

func newKeyForgetCommand() *cobra.Command {
	var path string
	var sure bool
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Forget all fingerprints of secrets, so that the server can start with another key",
		Long: `Forget all fingerprints of secrets and what was decided about them, so that the
server can start with another key: when the key was lost, or may be in the wrong
hands. Histories are looked at anew, decisions about secrets have to be noted
again, and comments on open pull requests are not recognised as the server's own.
Fingerprints in the outcomes of reviews stay until those are pruned: who has the
database and the old key can test guesses against them, so rotate what was found.
The key file stays; take it away, or put another in its place, before the server
starts.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !sure {
				return cli.Usage(errors.New("what was decided about secrets will be lost; say --yes to mean it"))
			}
			return withDatabase(cmd.Context(), path, func(ctx context.Context, db *store.DB) error {
				if err := db.ForgetSecrets(ctx); err != nil {
					return err
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "forgotten; the next start of the server takes the key it is given")
				return err
			})
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&sure, "yes", false, "do it")
	return cmd
}
